"""`commonweal sweep`: hold every place of the loaded series against the detection rule."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

import click

from commonweal.cli.chosen import open_chosen_space, space_option

if TYPE_CHECKING:
    from commonweal.apps.surveillance.sweeping import Sweep

SHOWN = 20


@click.command(help="Hold every place of the loaded series against the detection rule, as published up to a day.")
@space_option
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Only what was published up to this day; today if left out."
)
@click.option("--area", help="Only signals that touch this authority; all places are compared all the same.")
@click.option("--workers", type=int, default=1, show_default=True, help="Processes on this machine.")
@click.option("--scheduler", help="Address of a Dask scheduler, tls://… or on this machine (extra [cluster]).")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def sweep(as_of: datetime | None, area: str | None, workers: int, scheduler: str | None, as_json: bool) -> None:
    open_chosen_space()
    from commonweal.apps.surveillance import queries, sweeping
    from commonweal.apps.surveillance.executors import chosen

    day = as_of.date() if as_of else queries.today()
    found = sweeping.sweep(day, chosen(workers, scheduler), area)
    click.echo(json.dumps(asdict(found), default=str, indent=1) if as_json else as_text(found))


def as_text(found: Sweep) -> str:
    """Signals with their newest change, events, and places that could not be done."""
    lines = [f"{found.metric} as published up to {found.as_of}: {found.places} places in {found.seconds:.1f} s"]
    for event in found.events:
        lines.append(f"  {event['day']} {event['kind']} ({event['level']}): {event['areas']} areas")
    for signal in found.signals:
        newest = signal["changes"][-1]
        lines.append(f"  {', '.join(signal['areas'])}: {signal['state']} since {newest['day']}")
        lines += [f"    {evidence}" for evidence in newest["evidence"]]
    if found.not_done:
        lines.append(f"{len(found.not_done)} places could not be done:")
        lines += [f"  {place}: {reason}" for place, reason in list(found.not_done.items())[:SHOWN]]
        if len(found.not_done) > SHOWN:
            lines.append(f"  and {len(found.not_done) - SHOWN} more (--json lists all)")
    return "\n".join(lines)
