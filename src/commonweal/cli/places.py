"""`commonweal places`: postcodes, areas, populations and boundaries from official files."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commonweal.server import provider

if TYPE_CHECKING:
    from commonweal.apps.places.actions import Loaded

REGISTERS = ("cqc_directory", "cqc_locations", "care_home_table", "setting_table")
SPACE = click.option("--space", default=provider.LIVE, show_default=True)
JSON = click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")


@click.group(help="Load places from official files, and see what is loaded.")
def places() -> None:
    pass


@places.command(help="Load official files, plain or gzipped, in any order. A wrong file is refused whole.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--edition", type=click.DateTime(["%Y-%m"]), help="Edition of postcode files that do not name theirs.")
@click.option("--scope-vintage", type=int, help="Year of the authorities that records are scoped by; chosen once.")
@SPACE
@JSON
def load(
    files: tuple[Path, ...], edition: datetime | None, scope_vintage: int | None, space: str, as_json: bool
) -> None:
    from commonweal.core.errors import NotThere
    from commonweal.site.installation import open_space

    missing = [str(path) for path in files if not path.is_file()]
    if missing:
        raise NotThere(f"There is no file {', '.join(missing)}. Check the name.")
    open_space(space)
    from commonweal.apps.places.actions import load_files

    with _bar(sum(path.stat().st_size for path in files), silent=as_json) as progress:
        month = edition.date() if edition else None
        loaded = load_files(files, edition=month, scope_vintage=scope_vintage, progress=progress)
    if any(not each.replayed for each in loaded):
        _make_offices()
    _show(loaded, as_json)


@contextmanager
def _bar(size: int, *, silent: bool) -> Iterator[Callable[[str, int], None]]:
    """A bar of the bytes read, on standard error; nothing when the answer is for a program."""
    if silent:
        yield lambda _label, _read: None
        return
    with click.progressbar(length=size, label="Reading", file=sys.stderr) as bar:
        yield lambda _label, read: bar.update(read)


def _make_offices() -> None:
    """An authority has its offices from the day its area is loaded."""
    from commonweal.apps.access import authorities
    from commonweal.apps.places import queries

    authorities.ensure(queries.authorities(), queries.regions())


def _show(loaded: list[Loaded], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([each.as_dict() for each in loaded], default=str))
        return
    for each in loaded:
        if each.replayed:
            click.echo(f"{each.label}: loaded before, nothing changed.")
            continue
        why = (
            "no open care homes, or listed twice"
            if each.layout in REGISTERS
            else "of Northern Ireland: another licence"
        )
        left_out = f" ({each.left_out:,} left out, {why})" if each.left_out else ""
        click.echo(
            f"{each.label}: {each.title}; {each.rows:,} rows{left_out}, {each.new:,} new facts in {each.seconds:.1f} s."
        )
    for sentence in dict.fromkeys(each.attribution for each in loaded):
        click.echo(f"To print with what is made from it: {sentence}")


@places.command("list", help="List the files that are loaded.")
@SPACE
@JSON
def list_datasets(space: str, as_json: bool) -> None:
    from commonweal.site.installation import open_existing

    open_existing(space)
    from commonweal.apps.places import queries

    found, scope = queries.datasets(), queries.scope_vintage()
    if as_json:
        click.echo(json.dumps({"scope_vintage": scope, "datasets": found}, default=str))
        return
    for each in found:
        click.echo(
            f"{each['label']}: {each['title']}, {each['row_count']:,} rows, "
            f"known since {each['known_at']:%Y-%m-%d %H:%M} UTC"
        )
    if scope:
        click.echo(f"Records are scoped by the authorities of {scope['ltla_vintage']}.")
    else:
        click.echo("No table of LSOAs is loaded yet: commonweal places load FILE…")
