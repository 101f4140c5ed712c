"""`commonweal series`: indicator series that others publish, with every vintage."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commonweal.cli.chosen import open_chosen_space, space_option
from commonweal.core.errors import CommonwealError

if TYPE_CHECKING:
    from commonweal.apps.surveillance.actions import Loaded

DAY = click.DateTime(["%Y-%m-%d"])
JSON = click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")


@click.group(help="Load and read indicator series: cases, admissions, absence and others, with every vintage.")
@space_option
def series() -> None:
    pass


@series.command(help="Load files of series, plain or gzipped. A file is taken whole or refused with its reason.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--published", type=DAY, help="Day of publication of files that do not state it.")
@click.option("--source", help="Who says it, where that is another than the form of the file tells.")
@JSON
def load(files: tuple[Path, ...], published: datetime | None, source: str | None, as_json: bool) -> None:
    open_chosen_space()
    from commonweal.apps.surveillance.actions import load_series

    loaded: list[Loaded] = []
    refused: list[CommonwealError] = []
    for path in files:
        try:
            loaded += load_series([path], published=published.date() if published else None, source=source)
        except CommonwealError as error:
            refused.append(error)
    if as_json:
        click.echo(json.dumps([each.as_dict() for each in loaded]))
    else:
        _say(loaded)
    for each in refused[:-1]:
        click.echo(f"commonweal: {each}", err=True)
    if refused:
        raise refused[-1]


def _say(loaded: Sequence[Loaded]) -> None:
    for each in loaded:
        if each.replayed:
            click.echo(f"{each.label}: loaded before, nothing changed.")
            continue
        click.echo(
            f"{each.label}: {each.title}; {each.rows:,} values, {each.new:,} new, in {each.seconds:.1f} s."
            f" Source: {each.source}."
        )
        for name, sentence in each.outcomes.items():
            click.echo(f"  {name}: {sentence}")
    for sentence in dict.fromkeys(each.attribution for each in loaded):
        click.echo(f"To print with what is made from it: {sentence}")


@series.command(help="Print a series of a place as it was published up to a day.")
@click.argument("metric")
@click.argument("place")
@click.option("--as-of", type=DAY, help="Only what was published up to this day.")
@click.option("--source", help="Of this source, and not of the one that answers.")
@JSON
def show(metric: str, place: str, as_of: datetime | None, source: str | None, as_json: bool) -> None:
    open_chosen_space()
    from commonweal.apps.surveillance import queries
    from commonweal.apps.surveillance.definitions import metrics
    from commonweal.core.errors import NotThere

    chosen = metrics().by_id(metric)
    day = as_of.date() if as_of else None
    rows = queries.values(metric, [place], as_of=day, source=source)
    speak = [each["source"] for each in queries.speaking(metric, [place], as_of=day)]
    if not rows and speak:
        raise NotThere(
            f"{source} has no {metric} of {place} published up to then. Sources that do: {', '.join(speak)}."
        )
    if not rows:
        raise NotThere(
            f"There is no {metric} of {place} published up to then. Load a file: commonweal series load FILE…"
        )
    if as_json:
        click.echo(json.dumps(rows, default=str))
        return
    click.echo(f"{chosen.label} ({chosen.unit}), {place}. Source: {rows[0]['source']}.")
    if others := [name for name in speak if name != rows[0]["source"]]:
        click.echo(f"Other sources, not mixed in: {', '.join(others)}. Choose one with --source.")
    for row in rows:
        low, high = f"{row['low']:.15g}", f"{row['high']:.15g}"
        value = low if low == high else f"{low} to {high} (suppressed)"
        click.echo(f"{row['day']}  {value}  published {row['published']}")


@series.command("list", help="List the files of series that are loaded.")
@JSON
def list_datasets(as_json: bool) -> None:
    open_chosen_space()
    from commonweal.apps.surveillance import queries

    found = queries.datasets()
    if as_json:
        click.echo(json.dumps(found, default=str))
        return
    for each in found:
        span = f"{each['first_published']} to {each['last_published']}"
        click.echo(
            f"{each['label']}: {each['title']}, {each['row_count']:,} values, published {span}, source {each['source']}"
        )
