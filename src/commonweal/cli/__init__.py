"""The command line: `commonweal VERB`. Parsing only; each verb's work lives in the room it belongs to.

Importing this module must stay cheap: `--help` imports click and nothing heavier, so every verb is loaded from the
table below when it is called. Exit codes are those of `commonweal.cli.errors`.
"""

from __future__ import annotations

import importlib
import os
import sys

import click

from commonweal import __version__

# verb -> (module that defines a click command of the same name with "-" as "_", one line of help)
VERBS: dict[str, tuple[str, str]] = {
    "demo": ("commonweal.cli.demo", "Open the demonstration: a fictional city, results arriving live."),
    "serve": ("commonweal.cli.serve", "Run the site on this machine, with its background worker."),
    "worker": ("commonweal.cli.serve", "Run the background jobs of a space."),
    "places": ("commonweal.cli.places", "Postcodes, areas, populations and boundaries from official files."),
    "intake": ("commonweal.cli.intake", "Take test results in from CSV files or standard input."),
    "balance": ("commonweal.cli.intake", "The conservation sheet: everything received is somewhere."),
    "feeds": ("commonweal.cli.intake", "The ways by which organisations send records: add, list, rotate."),
    "series": ("commonweal.cli.series", "Indicator series that others publish, with every vintage."),
    "sweep": ("commonweal.cli.sweep", "Hold every place against every detector, as known at an instant."),
    "signals": ("commonweal.cli.sweep", "List what sweeps found, with the state that it is in."),
    "why": ("commonweal.cli.why", "Why cases rise at a place, between two runs of days."),
    "social": ("commonweal.cli.social", "What is known of small areas, from a plain CSV."),
    "replay": ("commonweal.cli.replay", "A rise of 2020 told day by day: public figures against all results."),
    "users": (
        "commonweal.cli.users",
        "Make organisations, offices and people; appoint, sign out, export what is held.",
    ),
    "agreements": ("commonweal.cli.agreements", "Offer, accept, end and list data-sharing agreements."),
    "retention": ("commonweal.cli.agreements", "End what has been kept long enough."),
    "erase": ("commonweal.cli.erase", "Destroy what could identify one tested person, on a lawful request."),
    "documents": ("commonweal.cli.agreements", "Write the impact assessment and the record of processing."),
    "pull": ("commonweal.cli.pull", "Take everything new since last time into an authority's own systems."),
    "space": ("commonweal.cli.space", "Make and list spaces: live, exercise and replay."),
    "backup": ("commonweal.cli.backup", "Everything of a space as files, without the keys."),
    "restore": ("commonweal.cli.backup", "Put a backup back; what was erased since stays erased."),
    "check": ("commonweal.cli.check", "Verify the laws and the configuration of an installation."),
    "bench": ("commonweal.cli.bench", "Measure speed and quality."),
    "keys": ("commonweal.cli.keys", "List and rotate the keys kept outside the database."),
}


# verbs that other verbs start; not listed
HIDDEN = {"demo-build": "commonweal.cli.demo", "demo-feed": "commonweal.cli.demo"}


class LazyGroup(click.Group):
    """A group whose verbs are imported on use, and whose help comes from the table above."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        known = {verb: module for verb, (module, _) in VERBS.items()} | HIDDEN
        if cmd_name not in known:
            return None
        module = importlib.import_module(known[cmd_name])
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(verb, help_line) for verb, (_, help_line) in VERBS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="commonweal")
def commands() -> None:
    """Shared evidence, local voice, open decisions: a platform for local outbreak control."""


def main() -> None:
    """Run the command line and turn a user's mistake into one sentence and a documented exit code."""
    # Matrices are small here: threads of BLAS beside our own make them up to ten times slower. Read when numpy loads.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from commonweal.cli.errors import run

    sys.exit(run(commands))
