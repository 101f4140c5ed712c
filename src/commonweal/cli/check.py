"""`commonweal check`: whether the laws hold in this installation."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from commonweal.cli.errors import EXIT_NO
from commonweal.server import provider

SHOWN = 10


@click.command(help="Verify the laws and the configuration of an installation. Exit code 1 when one does not hold.")
@click.option("--space", default=provider.LIVE, show_default=True)
@click.option("--rebuild", is_flag=True, help="Also compare counts and cases with the records (reads everything).")
@click.option("--all", "every", is_flag=True, help=f"Every problem, not the first {SHOWN} of each check.")
@click.option("--json", "as_json", is_flag=True)
def check(space: str, rebuild: bool, every: bool, as_json: bool) -> int:
    from commonweal.site.checks import all_checks
    from commonweal.site.installation import open_existing

    open_existing(space)
    answers = [
        {"check": each.name, "law": each.law, "problems": each.run()}
        for each in all_checks()
        if rebuild or not each.thorough
    ]
    if as_json:
        click.echo(json.dumps(answers))
    else:
        for answer in answers:
            click.echo(f"{'no ' if answer['problems'] else 'yes'}  {answer['check']} ({answer['law']})")
            for line in _lines(answer["problems"], every):
                click.echo(f"       {line}")
    return EXIT_NO if any(answer["problems"] for answer in answers) else 0


def _lines(problems: Sequence[str], every: bool) -> list[str]:
    """The first problems of a check, and how many are not shown: a new installation has a thousand empty offices."""
    if every or len(problems) <= SHOWN:
        return list(problems)
    return [*problems[:SHOWN], f"… and {len(problems) - SHOWN:,} more; see them all with --all"]
