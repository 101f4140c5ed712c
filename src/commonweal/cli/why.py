"""`commonweal why`: why a place is rising, in the words of the page, read as one person and office."""

from __future__ import annotations

import json
from datetime import date

import click

from commonweal.cli.chosen import open_chosen_space, space_option
from commonweal.core.errors import Refused


@click.command(help="Why cases rise at a place, from one run of days to a later one: the words of the page.")
@space_option
@click.option("--as", "email", required=True, help="Ask as this person; the reading is entered in the access record.")
@click.option("--office", required=True, help="The office that this person acts as.")
@click.option("--purpose", default="outbreak_control", show_default=True, help="What it is read for.")
@click.option("--area", required=True, help="A place by its code: small area, neighbourhood, ward, authority, region.")
@click.option("--then", "then", required=True, metavar="FROM..TO", help="The days before, like 2020-05-25..2020-06-07.")
@click.option("--now", "now", required=True, metavar="FROM..TO", help="As many later days: 7, 14, 21 or 28.")
@click.option("--by-report", is_flag=True, help="Days are those of report, not of swab: shows late batches.")
@click.option(
    "--as-of", default="", help="As known at an instant with its zone, like 2020-06-29T00:04:00Z; now if left out."
)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON, as the interface for programs does.")
def why(
    email: str,
    office: str,
    purpose: str,
    area: str,
    then: str,
    now: str,
    by_report: bool,
    as_of: str,
    as_json: bool,
) -> None:
    windows = _days("--then", then), _days("--now", now)
    open_chosen_space()
    from commonweal.apps.access.scope import Actor
    from commonweal.apps.access.signin import accounts
    from commonweal.apps.surveillance import api, why_asking
    from commonweal.core.signals.why_windows import compared
    from commonweal.core.signals.why_words import nothing_to_explain
    from commonweal.web.times import local

    moment = api.at(as_of)
    span = compared(*windows, local(moment).date())
    actor = Actor(accounts.require(email).person_id, office, purpose)
    asked = why_asking.question_of(actor, why_asking.place_of(area), span, moment, addresses=True, by_report=by_report)
    found = asked.answered()
    if as_json:
        click.echo(json.dumps(why_asking.as_values(asked, found, pinned=bool(as_of)), default=str))
        return
    nothing = nothing_to_explain(found.where.name, span.said()[1], heard=found.heard[1])
    for sentence in asked.in_words(found, pinned=bool(as_of)) or nothing:
        click.echo(sentence)
    click.echo(f"As known at {moment:%Y-%m-%d %H:%M:%S} UTC.")


def _days(option: str, text: str) -> tuple[date, date]:
    first, dots, last = text.partition("..")
    try:
        return date.fromisoformat(first.strip()), date.fromisoformat(last.strip() if dots else "")
    except ValueError:
        raise Refused(f"{option} {text[:40]!r} is no run of days; write it like 2020-05-25..2020-06-07.") from None
