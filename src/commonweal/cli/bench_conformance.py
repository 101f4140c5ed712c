"""`commonweal bench conformance DIR`: run every reference case in a folder and say how near each lies."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from commonweal.core.epi.conformance.tables import Case
    from commonweal.core.epi.conformance.verdicts import Outcome


@click.command()
@click.argument("directory", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of a table.")
@click.option("--only", default="", help="Run only cases whose path contains this text.")
def conformance(directory: Path, as_json: bool, only: str) -> int:
    """Compare the statistics with every reference case below DIR.

    A case is a folder of CSV tables and JSON documents. Prints method, case, variant, the largest error with its
    tolerance, and a verdict; exit 1 when any case falls outside its tolerance.
    """
    from commonweal.core.epi.conformance.recognise import evaluate

    folders = [folder for folder in case_folders(directory) if only in str(folder)]
    outcomes: list[Outcome] = []
    with click.progressbar(folders, label="cases", file=sys.stderr, show_pos=True) as bar:
        for folder in bar:
            outcomes.extend(evaluate(read_case(folder)))
    click.echo(json.dumps(as_document(outcomes), indent=1) if as_json else as_text(outcomes))
    return 0 if outcomes and all(outcome.passed for outcome in outcomes) else 1


def case_folders(directory: Path) -> list[Path]:
    """Every folder at or below `directory` that holds tables or documents, sorted."""
    every = [directory, *(path for path in directory.rglob("*") if path.is_dir())]
    return sorted(folder for folder in every if any(_is_data(path) for path in folder.iterdir()))


def read_case(folder: Path) -> Case:
    """Read a folder's CSV (plain or gzip) and JSON files."""
    from commonweal.core.epi.conformance.tables import Case, parse_table

    tables, documents = {}, {}
    for path in sorted(path for path in folder.iterdir() if _is_data(path)):
        name, text = path.name.removesuffix(".gz"), _text(path)
        if name.endswith(".json"):
            documents[name] = json.loads(text)
        else:
            tables[name] = parse_table(str(path), text)
    return Case(folder.parent.name, folder.name, tables, documents)


def as_text(outcomes: list[Outcome]) -> str:
    """One line a variant, and the sum at the end."""
    lines = [f"{'method':<20} {'case':<34} {'variant':<34} {'largest error':<32} verdict"]
    for outcome in outcomes:
        worst = outcome.worst
        error = f"{worst.quantity} {worst.error:.2g} (<= {worst.tolerance:.2g})"
        verdict = "pass" if outcome.passed else f"FAIL {worst.remark}".rstrip()
        lines.append(f"{outcome.method:<20} {outcome.case:<34} {outcome.variant:<34} {error:<32} {verdict}")
    failed = sum(not outcome.passed for outcome in outcomes)
    lines.append(f"{len(outcomes)} variants, {len(outcomes) - failed} pass, {failed} fail")
    return "\n".join(lines)


def as_document(outcomes: list[Outcome]) -> dict[str, Any]:
    """The same as plain values, every comparison included."""
    return {
        "passed": all(outcome.passed for outcome in outcomes),
        "variants": [
            {
                "method": outcome.method,
                "case": outcome.case,
                "variant": outcome.variant,
                "passed": outcome.passed,
                "largest_error": _number(outcome.worst.error),
                "tolerance": outcome.worst.tolerance,
                "quantity": outcome.worst.quantity,
                "checks": list(_checks(outcome)),
            }
            for outcome in outcomes
        ],
    }


def _checks(outcome: Outcome) -> Iterator[dict[str, Any]]:
    for check in outcome.checks:
        yield {
            "quantity": check.quantity,
            "error": _number(check.error),
            "tolerance": check.tolerance,
            "passed": check.passed,
            "remark": check.remark,
        }


def _number(value: float) -> float | None:
    return None if value != value else value


def _is_data(path: Path) -> bool:
    return path.is_file() and path.name.endswith((".csv", ".csv.gz", ".json"))


def _text(path: Path) -> str:
    raw = path.read_bytes()
    return (gzip.decompress(raw) if path.name.endswith(".gz") else raw).decode("utf-8-sig")
