"""`commonweal keys`: list and rotate the keys of this installation. No key is ever printed."""

from __future__ import annotations

import click

from commonweal.server.keys import FAMILIES


@click.group(help="List and rotate the keys kept outside the database.")
def keys() -> None:
    pass


@keys.command("list", help="List key families and their newest versions.")
def list_keys() -> None:
    from commonweal.server import keys as store
    from commonweal.server.home import Home

    for family in FAMILIES:
        click.echo(f"{family}\tversion {store.current(Home.current(), family).version}")


@keys.command(help="Add the next version of a key. Nothing written with an older one changes.")
@click.argument("family", type=click.Choice(FAMILIES))
def rotate(family: str) -> None:
    from commonweal.server import keys as store
    from commonweal.server.home import Home

    click.echo(f"{family} is now at version {store.rotate(Home.current(), family).version}.")
