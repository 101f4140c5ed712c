"""`commonweal space`: databases of their own for exercises and replays."""

from __future__ import annotations

import json
from datetime import datetime

import click

from commonweal.server.spaces import KINDS


@click.group(help="Make and list spaces: live, exercise and replay.")
def space() -> None:
    pass


@space.command(help="Make a space. Its kind is written once.")
@click.argument("name")
@click.option("--kind", type=click.Choice([kind for kind in KINDS if kind != "live"]), default="exercise")
@click.option("--starts-at", type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z"]), help="Where its clock begins, with a zone.")
def create(name: str, kind: str, starts_at: datetime | None) -> None:
    from commonweal.site.installation import open_space

    open_space(name, kind, starts_at)
    click.echo(f"The {kind} space {name} is ready.")


@space.command("list", help="List the spaces of this installation.")
@click.option("--json", "as_json", is_flag=True)
def list_spaces(as_json: bool) -> None:
    from commonweal.server import spaces

    names = spaces.listing()
    click.echo(json.dumps(names) if as_json else "\n".join(names) or "There is no space yet.")


@space.command(help="Remove an exercise or replay space and everything in it.")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(name: str, yes: bool) -> None:
    from commonweal.server import spaces

    spaces.require(name)
    if not yes:
        click.confirm(f"Remove the space {name} and everything in it?", abort=True)
    spaces.drop_database(name)
    click.echo(f"The space {name} is gone.")
