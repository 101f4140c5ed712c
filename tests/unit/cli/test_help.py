"""Help is quick because it imports nothing heavy, and every verb that is listed is there."""

from __future__ import annotations

import importlib
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from commonweal.cli import VERBS, commands

HEAVY = ("django", "numpy", "polars", "psycopg", "allauth", "numba", "yaml")


@pytest.mark.parametrize("arguments", [["--help"], ["users", "--help"], ["agreements", "offer", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    program = (
        "import sys; from commonweal.cli import commands\n"
        f"try: commands.main({arguments!r}, standalone_mode=False)\n"
        "finally: print('LOADED', sorted(set(sys.modules) & set(sys.argv[1:])))"
    )
    answer = subprocess.run([sys.executable, "-c", program, *HEAVY], capture_output=True, text=True, check=True)
    assert answer.stdout.splitlines()[-1] == "LOADED []"


def test_the_list_of_verbs_is_printed_from_the_table() -> None:
    answer = CliRunner().invoke(commands, ["--help"])
    assert answer.exit_code == 0
    for verb, (_, line) in VERBS.items():
        assert verb in answer.output
        assert line.split()[0] in answer.output


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_is_a_command_of_its_module(verb: str) -> None:
    module, _ = VERBS[verb]
    assert isinstance(getattr(importlib.import_module(module), verb.replace("-", "_")), click.Command)


def test_an_unknown_verb_is_a_mistake_of_usage() -> None:
    answer = CliRunner().invoke(commands, ["fly"])
    assert answer.exit_code == 2
    assert "No such command 'fly'" in answer.output
