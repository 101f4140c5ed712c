"""`commonweal erase`: one tested person's right to erasure."""

from __future__ import annotations

import json
from datetime import datetime

import click

from commonweal.cli.chosen import open_chosen_space, space_option

GROUNDS = ("no_longer_needed", "consent_withdrawn", "objection", "unlawful", "legal_obligation")


@click.command(help="Destroy what could identify one tested person, for good, on a lawful request. Figures stay.")
@space_option
@click.option("--nhs-number")
@click.option("--name", help="With --birth-date and --postcode.")
@click.option("--birth-date", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--postcode")
@click.option("--office", help="The office that decided it: director, chief executive, data protection.")
@click.option("--ground", type=click.Choice(GROUNDS), help="On which the law gives the right.")
@click.option("--again", is_flag=True, help="After a restore: end once more what was erased since the backup.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True)
def erase(
    nhs_number: str | None,
    name: str | None,
    birth_date: datetime | None,
    postcode: str | None,
    office: str | None,
    ground: str | None,
    again: bool,
    yes: bool,
    as_json: bool,
) -> None:
    if again:
        _again(asked=bool(nhs_number or name or office or ground), as_json=as_json)
        return
    if not office or not ground:
        raise click.UsageError("Give --office and --ground: who decided it, and on which right. Or --again alone.")
    open_chosen_space()
    from commonweal.apps.access import subjects

    person = subjects.TestedPerson(nhs_number, name, birth_date.date() if birth_date else None, postcode)
    found = subjects.erasable(person)
    records = f"{found:,} record{'s' if found > 1 else ''}"
    if not yes:
        click.confirm(
            f"{records} of this person will never again show who it was, to anybody, because "
            f"{subjects.GROUNDS[ground]}. There is no way back. Erase?",
            abort=True,
        )
    erased = subjects.erase_tested_person(person, subjects.Erasure(office, ground))
    if as_json:
        click.echo(json.dumps({"erased": erased, "office": office, "ground": ground}))
        return
    click.echo(
        f"{erased:,} records open no more; results without names, cases and counts stay. What is left: "
        "commonweal users sar.\n"
        "Records that were rejected or wait for a place are among them.\n"
        "Not reached: what was handed to other systems before, and records that come in from now on. After a restore "
        "of an older backup: commonweal erase --again."
    )


def _again(*, asked: bool, as_json: bool) -> None:
    if asked:
        raise click.UsageError("--again stands alone: it ends what was erased before, nothing new.")
    open_chosen_space()
    from commonweal.apps.access import subjects

    ended = subjects.erase_again()
    if as_json:
        click.echo(json.dumps({"erased_again": ended}))
    elif ended:
        click.echo(f"{ended:,} records that had been erased open no more again.")
    else:
        click.echo("Nothing that was erased opens: there is nothing to do.")
