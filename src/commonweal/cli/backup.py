"""`commonweal backup` and `commonweal restore`: a space as files, and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from commonweal.cli.chosen import space_option
from commonweal.cli.errors import EXIT_NO

FOLDER = click.argument("folder", type=click.Path(path_type=Path))
KEYS = "The keys are not in it: keep COMMONWEAL_HOME/keys, with the list of erasures in it, apart from it and as safe."


@click.command(help="Write everything of a space, as of one instant, into a new folder. Keys are not in it.")
@space_option
@FOLDER
@click.option("--json", "as_json", is_flag=True)
def backup(folder: Path, as_json: bool) -> None:
    from commonweal.server import backups, provider

    found = backups.take(folder, provider.current_space())
    if as_json:
        click.echo(json.dumps(asdict(found)))
        return
    click.echo(
        f"{folder}: the {found.kind} space {found.space} as of {found.taken_at}; {found.results:,} results, "
        f"{found.ledger_entries:,} entries of the register.\n{KEYS}"
    )


@click.command(help="Put a backup back, end once more what was erased since, check the laws, and open the space.")
@FOLDER
@click.option("--json", "as_json", is_flag=True)
def restore(folder: Path, as_json: bool) -> int:
    from commonweal.site.restoring import restore as put_back

    done = put_back(folder)
    from commonweal.site.checks import all_checks

    problems = {each.name: found for each in all_checks() if not each.thorough and (found := each.run())}
    if as_json:
        click.echo(json.dumps({**asdict(done.manifest), "erased_again": done.erased_again, "problems": problems}))
        return EXIT_NO if problems else 0
    click.echo(
        f"The {done.manifest.kind} space {done.manifest.space} is as it was at {done.manifest.taken_at}.\n"
        f"{done.erased_again:,} records that had been erased since open no more again. Everybody has to sign in anew.\n"
        "What was changed since the backup is not here: look through appointments that ended, agreements that were "
        "given notice and tokens of feeds that were rotated."
    )
    for name, found in problems.items():
        click.echo(f"no  {name}: {found[0]}{f' (and {len(found) - 1} more)' if len(found) > 1 else ''}")
    return EXIT_NO if problems else 0
