"""`commonweal sweep` and `commonweal signals`: hold every place against every detector, and list what was found."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import click

from commonweal.cli.chosen import open_chosen_space, space_option
from commonweal.core.errors import NotThere

if TYPE_CHECKING:
    from commonweal.apps.surveillance.count_sweeping import Outcome
    from commonweal.apps.surveillance.executors import Executor
    from commonweal.apps.surveillance.sweeping import Sweep
    from commonweal.apps.surveillance.sweeps import Ran

SHOWN = 20
DAY, INSTANT = "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"


@click.command(help="Hold every place against the detectors: the counts of intake, and the loaded series.")
@space_option
@click.option(
    "--as-of", type=click.DateTime([DAY, INSTANT]),
    help="Only what was known by then (London); a day means its end. Now if left out.",
)  # fmt: skip
@click.option(
    "--area",
    help="Only this authority, county or region, or the authority around a smaller place; all are compared.",
)
@click.option("--source", type=click.Choice(["counts", "series"]), help="Both, if left out.")
@click.option("--workers", type=int, default=1, show_default=True, help="Processes on this machine.")
@click.option("--scheduler", help="Address of a Dask scheduler, tls://… or on this machine (extra [cluster]).")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def sweep(
    as_of: datetime | None, area: str | None, source: str | None, workers: int, scheduler: str | None, as_json: bool
) -> None:
    open_chosen_space()
    from commonweal.apps.surveillance import sweeps
    from commonweal.apps.surveillance.executors import chosen

    executor = chosen(workers, scheduler)
    over_counts = source == "counts" or (source is None and sweeps.has_counts())
    if not over_counts and (as_of or area):
        _tell_series(as_of, area, executor, as_json=as_json)
        return
    ran = None
    if over_counts:
        ran = sweeps.run(executor, as_of=_end_of(as_of), touched=[area] if area else None)
    if ran is not None and source is None and (as_of or area):
        _tell_both(ran, as_of, area, executor, as_json=as_json)
        return
    series = [] if source == "counts" or as_of or area else sweeps.run_series(executor)
    if ran is None and not series:
        raise NotThere("No counts are known and no series that is swept is loaded: commonweal series load FILE…")
    if as_json:
        document = ran.as_dict() if ran else {}
        click.echo(json.dumps(document | {"series": [each.as_dict() for each in series]}, default=str, indent=1))
        return
    click.echo("\n".join(ran_as_text(each) for each in [*([ran] if ran else []), *series]))


def _end_of(as_of: datetime | None) -> datetime | None:
    """The instant that is meant: a day without a time means its last moment."""
    if as_of is None:
        return None
    from commonweal.web.times import LONDON

    if as_of.time() == time():
        as_of = as_of + timedelta(days=1) - timedelta(microseconds=1)
    return as_of.replace(tzinfo=LONDON).astimezone(UTC)


def _tell_both(ran: Ran, as_of: datetime | None, area: str | None, executor: Executor, *, as_json: bool) -> None:
    """A sweep over counts, and what the loaded series tell of the same day and area, which is not written."""
    from commonweal.apps.surveillance import queries, sweeping

    day = as_of.date() if as_of else queries.today()
    daily, others = _looked(day, area, executor, daily_too=sweeping.published(day))
    if as_json:
        told = {"daily_cases": asdict(daily) if daily else None, "series": _as_dicts(others)}
        click.echo(json.dumps(ran.as_dict() | told, default=str, indent=1))
        return
    click.echo(ran_as_text(ran))
    if daily or others:
        click.echo("The loaded series, told and not written:")
    _say_series(daily, others)


def _tell_series(as_of: datetime | None, area: str | None, executor: Executor, *, as_json: bool) -> None:
    """What the loaded series would have told by a day; the daily cases with the life of their signals."""
    from commonweal.apps.surveillance import queries
    from commonweal.core.errors import Refused

    today = queries.today()
    day = as_of.date() if as_of else today
    if day > today:
        raise Refused(f"{day} has not happened yet; today is {today}.")
    daily, others = _looked(day, area, executor, daily_too=None)
    if as_json:
        click.echo(json.dumps((asdict(daily) if daily else {}) | {"series": _as_dicts(others)}, default=str, indent=1))
        return
    _say_series(daily, others)


def _looked(
    day: date, area: str | None, executor: Executor, *, daily_too: bool | None
) -> tuple[Sweep | None, list[Outcome]]:
    """The daily cases, if asked for (None: where they are published or nothing else is), and every other series."""
    from commonweal.apps.surveillance import sweeping, sweeps

    others = sweeps.look_at_series(day, area)
    wanted = (sweeping.published(day) or not others) if daily_too is None else daily_too
    return (sweeping.sweep(day, executor, area) if wanted else None), others


def _as_dicts(looked: list[Outcome]) -> list[dict[str, Any]]:
    from commonweal.apps.surveillance import sweeps

    return [sweeps.Ran(None, False, each, 0, 0).as_dict() for each in looked]


def _say_series(daily: Sweep | None, others: list[Outcome]) -> None:
    for text in [*([as_text(daily)] if daily else []), *(looked_as_text(each) for each in others)]:
        click.echo(text)


def looked_as_text(each: Outcome) -> str:
    """What one sweep saw: places, events, each finding, and places that could not be done."""
    places = ", ".join(f"{number:,} {level}" for level, number in each.places.items()) or "no place"
    lines = [f"{each.source} as published up to {each.morning}: {places}; {each.seconds:.1f} s"]
    lines += [f"  {event.kind.replace('_', ' ')} ({event.place}): {event.evidence}" for event in each.events]
    lines += [f"  {found.level} {found.place}: {found.evidence}" for found in each.found]
    return "\n".join([*lines, *_not_done(each.not_done)])


def ran_as_text(ran: Ran) -> str:
    """What a sweep over counts did: places, events, findings, and places that could not be done."""
    if ran.outcome is None:
        return f"Sweep {ran.sweep} ran at this as-of before; nothing was done."
    each = ran.outcome
    touched = len(each.touched or ())
    some = f"{touched} authorities and what they lie in" if touched > 1 else "1 authority and what it lies in"
    where = "every place" if each.touched is None else some
    places = ", ".join(f"{number:,} {level}" for level, number in each.places.items())
    what = "Counts" if each.source == "counts" else each.source
    lines = [f"{what} as known at {each.as_of:%Y-%m-%d %H:%M:%S} UTC, {where}: {places}; {each.seconds:.1f} s"]
    lines += [f"  {event.kind.replace('_', ' ')} ({event.place}): {event.evidence}" for event in each.events]
    lines.append(f"  {len(each.found)} findings, {len(each.held)} held back")
    if ran.sweep is None:
        lines.append("  A newer sweep is there: signals go forward only, so this one was not written.")
    else:
        lines.append(f"  sweep {ran.sweep}: {ran.opened} signals opened, {ran.changed} changes")
    return "\n".join([*lines, *_not_done(each.not_done)])


def _not_done(reasons: dict[str, str]) -> list[str]:
    if not reasons:
        return []
    lines = [f"{len(reasons)} place{'s' if len(reasons) > 1 else ''} could not be done:"]
    lines += [f"  {place}: {reason}" for place, reason in list(reasons.items())[:SHOWN]]
    return lines + ([f"  and {len(reasons) - SHOWN} more (--json lists all)"] if len(reasons) > SHOWN else [])


def as_text(found: Sweep) -> str:
    """Of a sweep over series: signals with their newest change, events, and places that could not be done."""
    lines = [f"{found.metric} as published up to {found.as_of}: {found.places} places in {found.seconds:.1f} s"]
    for event in found.events:
        lines.append(f"  {event['day']} {event['kind']} ({event['level']}): {event['areas']} areas")
    for signal in found.signals:
        newest = signal["changes"][-1]
        lines.append(f"  {', '.join(signal['areas'])}: {signal['state']} since {newest['day']}")
        lines += [f"    {evidence}" for evidence in newest["evidence"]]
    return "\n".join([*lines, *_not_done(found.not_done)])


@click.command(help="List signals: number, kind, state and authorities; with --as and --office also what was found.")
@space_option
@click.option("--as", "email", help="Read as this person; the reading is entered in the access record.")
@click.option("--office", help="The office that this person acts as.")
@click.option("--state", "states", multiple=True, help="Only these states: opened, growing, fading, closed, reopened.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def signals(email: str | None, office: str | None, states: tuple[str, ...], as_json: bool) -> None:
    if (email is None) != (office is None):
        raise click.UsageError("--as and --office go together: a person reads as one office.")
    open_chosen_space()
    from commonweal.apps.surveillance import signals as reads

    if email is None or office is None:
        found = reads.bare(states or None)
    else:
        from commonweal.apps.access.scope import Actor, scoped_read
        from commonweal.apps.access.signin import accounts

        actor = Actor(accounts.require(email).person_id, office, "outbreak_control")
        with scoped_read(actor, query="signals on the command line", data_class="L1") as scope:
            found = reads.signals(scope, reads.Wanted(states=states or None), limit=reads.MOST)
    if as_json:
        click.echo(json.dumps(found, default=str, indent=1))
        return
    for row in found:
        click.echo(f"{row['number']}  {row['kind']}  {row['state']} since {row['morning']}  {', '.join(row['scope'])}")
        for sentence in row.get("evidence") or ():
            click.echo(f"    {sentence}")
    if not found:
        click.echo("No signals. They come with `commonweal sweep`.")
