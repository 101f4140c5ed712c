"""`commonweal agreements`, `commonweal retention` and `commonweal documents`: who may share what, and for how long."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commonweal.cli.chosen import open_chosen_space, space_option

if TYPE_CHECKING:
    from commonweal.apps.access.scope import Actor


@click.group(help="Offer, accept, end and list data-sharing agreements.")
@space_option
def agreements() -> None:
    pass


@agreements.command(help="Offer an agreement for a place to the two tiers, or to the parties given.")
@click.argument("place")
@click.option("--template", default="public-health", show_default=True)
@click.option("--party", "parties", multiple=True, help="An organisation. May be given many times.")
def offer(place: str, template: str, parties: tuple[str, ...]) -> None:
    open_chosen_space()
    from commonweal.apps.access import agreements as room

    click.echo(f"{room.offer(place, template, parties)} is offered.")


@agreements.command(help="Accept an agreement for the organisation of an office, as the person who holds it.")
@click.argument("agreement")
@click.option("--as", "email", required=True, help="Who accepts.")
@click.option("--office", required=True, help="The office they accept as.")
def accept(agreement: str, email: str, office: str) -> None:
    open_chosen_space()
    from commonweal.apps.access import agreements as room

    state = room.accept(agreement, _actor(email, office))
    click.echo(f"{agreement} is accepted by {office}; it is {state.replace('_', ' ')}.")


@agreements.command(help="Give notice on an agreement, with a reason that is published.")
@click.argument("agreement")
@click.option("--as", "email", required=True, help="Who gives notice.")
@click.option("--office", required=True, help="The office they act as.")
@click.option("--reason", required=True)
def end(agreement: str, email: str, office: str, reason: str) -> None:
    open_chosen_space()
    from commonweal.apps.access import agreements as room

    ends_at = room.give_notice(agreement, _actor(email, office), reason)
    click.echo(f"{agreement} ends on {ends_at:%Y-%m-%d %H:%M} UTC; until then both sides read.")


@agreements.command("list", help="List agreements and where they stand.")
@click.option("--place", help="Of one place only.")
@click.option("--json", "as_json", is_flag=True)
def list_agreements(place: str | None, as_json: bool) -> None:
    open_chosen_space()
    from commonweal.apps.access import queries

    keys = ("id", "title", "state", "parties", "accepted", "expires_at", "ends_at")
    found = [{key: row[key] for key in keys} for row in queries.agreements(place=place)]
    if as_json:
        click.echo(json.dumps(found, default=str))
        return
    for row in found:
        waiting = [party for party in row["parties"] if party not in row["accepted"]]
        note = f"waits for {', '.join(waiting)}" if row["state"] == "offered" else f"until {row['expires_at']:%Y-%m-%d}"
        click.echo(f"{row['id']}  {row['state'].replace('_', ' ')}  {note}  {row['title']}")
    if not found:
        click.echo("There is no agreement yet. Begin with: commonweal users authorities CODE=NAME")


@click.group(help="End what has been kept long enough.")
@space_option
def retention() -> None:
    pass


@retention.command(help="Carry out the rules of parameters/retention now. Each ending is entered in the ledger.")
@click.option("--json", "as_json", is_flag=True)
def run(as_json: bool) -> None:
    open_chosen_space()
    from commonweal.apps.access import retention as room

    found = room.run()
    if as_json:
        click.echo(json.dumps(found, default=str))
        return
    for row in found:
        ended = "no room here keeps it" if row["ended"] is None else f"{row['ended']} ended"
        click.echo(f"{row['rule']}: {row['data'].replace('_', ' ')} before {row['before']:%Y-%m-%d %H:%M}: {ended}")


@click.command(help="Write the impact assessment and the record of processing from the running configuration.")
@space_option
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def documents(folder: Path) -> None:
    open_chosen_space()
    from commonweal.apps.access import documents as room

    folder.mkdir(parents=True, exist_ok=True)
    for name, text in room.written().items():
        (folder / name).write_text(text, encoding="utf-8")
        click.echo(str(folder / name))


def _actor(email: str, office: str) -> Actor:
    from commonweal.apps.access.scope import Actor
    from commonweal.apps.access.signin import accounts

    return Actor(accounts.require(email).person_id, office, "audit")
