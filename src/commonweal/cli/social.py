"""`commonweal social`: what is known of small areas (languages, households, work, schools), from a plain CSV."""

from __future__ import annotations

import json
from pathlib import Path

import click

from commonweal.cli.chosen import open_chosen_space, space_option


@click.command(help="Load what is known of small areas: a CSV with area, attribute, value, source and date.")
@space_option
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def social(files: tuple[Path, ...], as_json: bool) -> None:
    open_chosen_space()
    from commonweal.apps.surveillance.social import load
    from commonweal.core.errors import NotThere
    from commonweal.core.formats.social import OUTCOMES

    answers = []
    for path in files:
        if not path.is_file():
            raise NotThere(f"There is no file {path}. Give the path of a CSV file.")
        reading = load(path.read_bytes(), path.name)
        answers.append({"file": path.name, "taken": len(reading.statements), "left_out": dict(reading.left_out)})
        if as_json:
            continue
        click.echo(f"{path.name}: {len(reading.statements):,} values taken.")
        for name, count in reading.left_out.items():
            click.echo(f"  {name}: {count:,} left out, first in row {reading.first_rows[name]}: {OUTCOMES[name]}.")
    if as_json:
        click.echo(json.dumps(answers))
