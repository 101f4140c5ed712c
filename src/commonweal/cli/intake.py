"""`commonweal intake`, `balance` and `feeds`: results in, the conservation sheet, and the ways in."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commonweal.server import provider

if TYPE_CHECKING:
    from commonweal.apps.intake.actions import Receipt

SPACE = click.option("--space", default=provider.LIVE, show_default=True)
JSON = click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
INSTANT = click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"])
KEYS = ("received", "accepted", "duplicate", "superseded", "rejected", "pending")


@click.command(help="Take test results in from CSV files (plain or gzip), or - for standard input.")
@click.argument("files", nargs=-1, required=True)
@click.option("--feed", required=True, help="The feed they come by.")
@click.option("--sent-by", help="Who sent the file, as far as stated.")
@click.option("--held-since", type=INSTANT, help="Since when somebody held these records, with a zone.")
@click.option("--held-by", help="Who held them since then.")
@SPACE
@JSON
def intake(
    files: tuple[str, ...],
    feed: str,
    sent_by: str | None,
    held_since: datetime | None,
    held_by: str | None,
    space: str,
    as_json: bool,
) -> int:
    from commonweal.site.installation import open_existing

    open_existing(space)
    from commonweal.apps.intake import actions, sources

    receipts = []
    for name in files:
        label = "standard input" if name == "-" else Path(name).name
        provenance = sources.Provenance("file", label, sent_by, held_since, held_by)
        with ExitStack() as open_sources:
            if name == "-":
                source = open_sources.enter_context(sources.from_stream(sys.stdin.buffer, provenance))
            else:
                source = sources.from_file(Path(name), provenance)
            receipts.append((name, actions.take_in(feed, source)))
    _show_receipts(receipts, as_json)
    return 1 if any(receipt.balance.rejected for _, receipt in receipts) else 0


def _show_receipts(receipts: list[tuple[str, Receipt]], as_json: bool) -> None:
    if as_json:
        answers = [{"file": name, **receipt.as_dict(), "why": _held_back(receipt)} for name, receipt in receipts]
        click.echo(json.dumps(answers[0] if len(answers) == 1 else answers))
        return
    for name, receipt in receipts:
        numbers = receipt.balance.as_dict()
        said = ", ".join(f"{numbers[key]:,} {key}" for key in KEYS)
        click.echo(f"{name}: {said} in {receipt.seconds:.1f} s (submission {receipt.submission}).")
        if receipt.replayed:
            click.echo("  These bytes came before: nothing was added.")
        if receipt.header and receipt.header.unknown:
            click.echo(f"  Columns that are no fields were left out: {', '.join(receipt.header.unknown)}.")
        for row in _held_back(receipt):
            places = ", ".join(f"{number:,}" for number in row["first_rows"])
            more = ", …" if row["n"] > len(row["first_rows"]) else ""
            click.echo(f"  {row['outcome']} {row['reason']}: {row['n']:,} (record {places}{more})")
        if receipt.stages:
            stages = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in receipt.stages.items())
            click.echo(f"  Seconds by stage (reading and preparing overlap with the database): {stages}.")


def _held_back(receipt: Receipt) -> list[dict[str, Any]]:
    """Why records were not taken in: reasons with their column, how many, and the first of them."""
    from commonweal.apps.intake import queries

    held_back = receipt.balance.rejected or receipt.balance.pending
    return queries.why(receipt.submission) if held_back and not receipt.replayed else []


@click.command(help="The conservation sheet: everything received is somewhere.")
@click.option("--feed", help="One feed only.")
@SPACE
@JSON
def balance(feed: str | None, space: str, as_json: bool) -> int:
    from commonweal.site.installation import open_existing

    open_existing(space)
    from commonweal.apps.intake import queries

    lines = queries.sheet(feed)
    total, second = queries.totals(lines), queries.second_sheet(feed)
    closes = total.closes and second.closes and all(line["closes"] for line in lines)
    if as_json:
        document = {
            **total.as_dict(),
            "closes": closes,
            "by_feed_and_day": lines,
            "pending_sheet": second.__dict__,
        }
        click.echo(json.dumps(document, default=str))
    else:
        _show_sheet(lines, total.as_dict())
        click.echo(
            f"Pending {second.pending:,} = resolved {second.resolved:,} + dropped {second.dropped:,}"
            f" + waiting {second.waiting:,}."
        )
        click.echo("The balance closes." if closes else "The balance does NOT close.")
    return 0 if closes else 1


def _show_sheet(lines: list[dict[str, Any]], total: dict[str, int]) -> None:
    width = max([len(line["feed"]) for line in lines], default=4)
    click.echo(f"{'feed':{width}}  {'day':10}" + "".join(f"{key:>12}" for key in KEYS))
    for line in [*lines, {"feed": "all", "day": "", **total}]:
        click.echo(f"{line['feed']:{width}}  {line['day']!s:10}" + "".join(f"{line[key]:>12,}" for key in KEYS))


@click.group(help="The ways by which organisations send records.")
def feeds() -> None:
    pass


@feeds.command("add", help="Make a feed and print its token, once.")
@click.argument("name")
@click.option("--owner", required=True, help="The organisation that sends by it.")
@click.option("--pathogen", default="covid-19", show_default=True)
@SPACE
@JSON
def add_feed(name: str, owner: str, pathogen: str, space: str, as_json: bool) -> None:
    from commonweal.site.installation import open_existing

    open_existing(space)
    from commonweal.apps.intake import feeds as room

    _show_token(name, room.add(name, owner, pathogen=pathogen), as_json)


@feeds.command("rotate", help="Give a feed a new token; the old ones end at once.")
@click.argument("name")
@SPACE
@JSON
def rotate_feed(name: str, space: str, as_json: bool) -> None:
    from commonweal.site.installation import open_existing

    open_existing(space)
    from commonweal.apps.intake import feeds as room

    _show_token(name, room.rotate(name), as_json)


def _show_token(name: str, token: str, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"feed": name, "token": token}))
        return
    click.echo(f"The feed {name} is open. Its token, shown this once: {token}")


@feeds.command("list", help="List feeds with owner, state and number of submissions.")
@SPACE
@JSON
def list_feeds(space: str, as_json: bool) -> None:
    from commonweal.site.installation import open_existing

    open_existing(space)
    from commonweal.apps.intake import feeds as room

    found = room.listing()
    if as_json:
        click.echo(json.dumps([feed.__dict__ for feed in found], default=str))
        return
    for feed in found:
        click.echo(
            f"{feed.name}\t{feed.owner_id}\t{feed.state} since {feed.since:%d %B %Y}\t{feed.submissions} submissions"
        )
    if not found:
        click.echo("There is no feed yet. Make one with: commonweal feeds add NAME --owner ORGANISATION")
