"""`commonweal users`: organisations, offices, people and appointments. This, not an administration site, is the way."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import click

from commonweal.cli.chosen import open_chosen_space, space_option

DAY = click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d"])


@click.group(help="Make organisations, offices and people; appoint, sign out, export what is held on somebody.")
@space_option
def users() -> None:
    pass


@users.command("add-organisation", help="Make an organisation, by a short name of its own.")
@click.argument("organisation")
@click.option("--name", required=True, help="What people call it.")
@click.option("--kind", required=True, help="national_body, unitary_authority, laboratory, care_provider …")
@click.option("--area", "area_code", help="The code of the place it governs (needed for an authority).")
def add_organisation(organisation: str, name: str, kind: str, area_code: str | None) -> None:
    open_chosen_space()
    from commonweal.apps.access import actions

    actions.add_organisation(organisation, name, kind, area_code)
    click.echo(f"{name} is organisation {organisation}.")


@users.command("add-office", help="Make an office from a role; what it may do and for what can be given instead.")
@click.option(
    "--role", required=True, help="A role of parameters/access/roles.yaml, such as director-of-public-health."
)
@click.option("--organisation", required=True)
@click.option("--place", "places", multiple=True, help="A place it answers for, by code. May be given many times.")
@click.option("--id", "office_id", help="Its short name; otherwise the role and the first place.")
@click.option("--title", help="What people call it; otherwise the role's name and the organisation's.")
@click.option("--permission", "permissions", multiple=True, help="Instead of the role's permissions.")
@click.option("--purpose", "purposes", multiple=True, help="Instead of the role's purposes.")
def add_office(
    role: str,
    organisation: str,
    places: tuple[str, ...],
    office_id: str | None,
    title: str | None,
    permissions: tuple[str, ...],
    purposes: tuple[str, ...],
) -> None:
    open_chosen_space()
    from commonweal.apps.access import actions

    office = actions.office_from_role(
        role, organisation, places, office_id=office_id, title=title, permissions=permissions, purposes=purposes
    )
    actions.add_office(office)
    click.echo(f"{office.title} is office {office.id}.")


@users.command(help="Make the offices that stand from the first day for authorities given as CODE=NAME.")
@click.argument("authorities", nargs=-1, required=True, metavar="CODE=NAME…")
@click.option(
    "--region", "regions", multiple=True, metavar="CODE=NAME", help="A region with a national team of its own."
)
@click.option("--json", "as_json", is_flag=True)
def authorities(authorities: tuple[str, ...], regions: tuple[str, ...], as_json: bool) -> None:
    open_chosen_space()
    from commonweal.apps.access import authorities as bootstrap

    made = bootstrap.ensure(_pairs(authorities), _pairs(regions))
    if as_json:
        click.echo(json.dumps(vars(made)))
        return
    click.echo(
        f"{len(made.organisations)} organisations, {len(made.offices)} offices and {len(made.agreements)} agreements "
        f"made; {len(bootstrap.vacant())} offices are vacant."
    )


@users.command(help="Make a person and print a one-time link with which they set a password and a second factor.")
@click.argument("email")
@click.option("--name", required=True, help="The name others see.")
@click.option("--office", "offices", multiple=True, help="An office they hold from now. May be given many times.")
@click.option("--deputy", is_flag=True, help="As a deputy for the holder.")
def invite(email: str, name: str, offices: tuple[str, ...], deputy: bool) -> None:
    open_chosen_space()
    from commonweal.apps.access import actions

    _print_link(actions.invite(email, name, offices, deputy=deputy))


@users.command(help="Appoint a person to an office.")
@click.argument("email")
@click.option("--office", required=True)
@click.option("--deputy", is_flag=True, help="As a deputy for the holder.")
@click.option("--from", "starts_at", type=DAY, help="When it begins (UTC unless a zone is given); now if left out.")
@click.option("--until", "ends_at", type=DAY, help="When it ends; open if left out.")
def appoint(email: str, office: str, deputy: bool, starts_at: datetime | None, ends_at: datetime | None) -> None:
    open_chosen_space()
    from commonweal.apps.access import actions

    appointment = actions.appoint(email, office, deputy=deputy, starts_at=_aware(starts_at), ends_at=_aware(ends_at))
    click.echo(f"{email} is {'deputy in' if deputy else 'holder of'} {office} (appointment {appointment}).")


@users.command("end-appointment", help="End a person's appointment to an office, with a reason.")
@click.argument("email")
@click.option("--office", required=True)
@click.option("--reason", required=True)
@click.option("--at", "ends_at", type=DAY, help="When it ends; now if left out.")
def end_appointment(email: str, office: str, reason: str, ends_at: datetime | None) -> None:
    open_chosen_space()
    from commonweal.apps.access import actions

    count = actions.end_appointment(email, office, reason, ends_at=_aware(ends_at))
    click.echo(f"{count} appointment{'s' if count > 1 else ''} of {email} to {office} ended.")


@users.command("list", help="List people with the offices they hold now, or offices with their holders.")
@click.option("--offices", is_flag=True, help="Offices instead of people, vacant ones included.")
@click.option("--json", "as_json", is_flag=True)
def list_users(offices: bool, as_json: bool) -> None:
    open_chosen_space()
    from commonweal.apps.access import people

    found = people.offices() if offices else people.everybody()
    if as_json:
        click.echo(json.dumps(found, default=str))
        return
    for row in found:
        click.echo(people.office_line(row) if offices else people.person_line(row))
    if not found:
        click.echo("There is nobody yet. Begin with: commonweal users authorities E06000016=Leicester")


@users.command("sign-out", help="End every session of a person at once.")
@click.argument("email")
def sign_out(email: str) -> None:
    open_chosen_space()
    from commonweal.apps.access import actions

    click.echo(f"{actions.sign_out(email)} sessions of {email} ended.")


@users.command("reset-second-factor", help="Take away password and second factor; prints a link to set them again.")
@click.argument("email")
def reset_second_factor(email: str) -> None:
    open_chosen_space()
    from commonweal.apps.access import actions

    _print_link(actions.reset_second_factor(email))


@users.command(help="Export as JSON everything held on a member of staff, or on a tested person.")
@click.argument("email", required=False)
@click.option("--nhs-number", help="Of a tested person.")
@click.option("--name", help="Of a tested person, with --birth-date and --postcode.")
@click.option("--birth-date", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--postcode")
def sar(
    email: str | None, nhs_number: str | None, name: str | None, birth_date: datetime | None, postcode: str | None
) -> None:
    from commonweal.core.errors import Refused

    if (email is None) == (nhs_number is None and name is None):
        raise Refused("Say whom: the EMAIL of a member of staff, or --nhs-number (or --name …) of a tested person.")
    open_chosen_space()
    from commonweal.apps.access import subjects

    if email:
        held = subjects.held_on_staff(email)
    else:
        born = birth_date.date() if birth_date else None
        held = subjects.held_on_tested_person(subjects.TestedPerson(nhs_number, name, born, postcode))
    click.echo(json.dumps(held, default=str, indent=2, ensure_ascii=False))


def _print_link(invited: Any) -> None:
    from django.conf import settings

    click.echo(f"{settings.PUBLIC_ADDRESS}/invitation/{invited.token}/")
    click.echo(f"Send this link to {invited.email} only. It works once, until {invited.expires_at:%Y-%m-%d %H:%M} UTC.")


def _pairs(given: tuple[str, ...]) -> dict[str, str]:
    from commonweal.core.errors import Refused

    pairs = dict(text.split("=", 1) for text in given if "=" in text)
    if len(pairs) != len(given):
        raise Refused("Give each area once, as CODE=NAME: E06000016=Leicester.")
    return {code.strip(): name.strip() for code, name in pairs.items()}


def _aware(moment: datetime | None) -> datetime | None:
    from datetime import UTC

    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
