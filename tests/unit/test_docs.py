"""Docs are built without a warning, their generated parts are up to date, and the tree names no machine or registry."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from commonweal.apps.intake.rulebook import example_record, line_list
from commonweal.cli import VERBS, commands
from commonweal.core.intake.published import as_markdown, example

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference" / "command-line.md"
LINE_LIST = ROOT / "docs" / "reference" / "line-list.md"
REGISTRIES = re.compile(r"files\.python" + r"hosted|pypi\.org|registry\.npm" + r"js|deb\.debian\.org", re.IGNORECASE)
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:work|root|home/\w+)/")
TEXT = {".py", ".md", ".sql", ".yaml", ".toml", ".html", ".js", ".css", ".lock", ".json", ".txt", ".cfg", ""}


def command_line() -> str:
    """Every verb with its help, as click prints it."""
    top = click.Context(commands, info_name="commonweal", **commands.context_settings)
    lines = ["# Command line", "", "Generated from the program. `commonweal VERB --help` prints the same.", ""]
    for verb in sorted(VERBS):
        lines += _described(commands.get_command(top, verb), f"commonweal {verb}", top)
    return "\n".join(lines).rstrip() + "\n"


def _described(command: click.Command | None, name: str, parent: click.Context) -> list[str]:
    assert command is not None, name
    command._help_option = None  # a command remembers the help options of the first context it was ever shown in
    context = click.Context(command, parent, info_name=name.split()[-1], max_content_width=100, terminal_width=100)
    lines = [f"## {name}", "", "```text", command.get_help(context), "```", ""]
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            lines += _described(command.get_command(context, inner), f"{name} {inner}", context)
    return lines


def test_the_command_line_reference_is_up_to_date() -> None:
    written = command_line()
    if os.environ.get("COMMONWEAL_WRITE_DOCUMENTS"):
        REFERENCE.write_text(written, encoding="utf-8")
    assert written == REFERENCE.read_text(encoding="utf-8"), "run this test with COMMONWEAL_WRITE_DOCUMENTS=1"


def test_the_line_list_reference_is_up_to_date() -> None:
    head = (
        "# Line list\n\nGenerated from `parameters/line_list`. Classes: L2 single records, L3 identifiable fields.\n\n"
    )
    sample = example(line_list(), example_record()).decode()
    written = f"{head}{as_markdown(line_list())}\nAn example:\n\n```text\n{sample}```\n"
    if os.environ.get("COMMONWEAL_WRITE_DOCUMENTS"):
        LINE_LIST.write_text(written, encoding="utf-8")
    assert written == LINE_LIST.read_text(encoding="utf-8"), "run this test with COMMONWEAL_WRITE_DOCUMENTS=1"


def test_the_docs_build_without_a_warning(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", str(ROOT / "docs"), str(tmp_path)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; from commonweal.cli import commands\n"
        "try: commands.main(['--help'], standalone_mode=False)\n"
        "except SystemExit: pass\n"
        "print(sorted({'django', 'numpy', 'polars', 'psycopg'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert all(verb in done.stdout for verb in VERBS)


def tracked() -> list[Path]:
    try:
        listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this tree is not a git checkout")
    return [ROOT / name for name in listing.splitlines()]


def test_the_tree_names_no_registry_and_no_machine() -> None:
    found = []
    for path in tracked():
        if path.suffix not in TEXT or not path.is_file() or path == Path(__file__):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for rule in (REGISTRIES, MACHINE_PATHS):
            found += [f"{path.relative_to(ROOT)}: {match.group()}" for match in rule.finditer(text)]
    assert found == []


def test_modules_stay_small_enough_to_read() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in (ROOT / "src").rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 500
    }
    assert long == {}
