"""How long the command line takes to answer, against a bare interpreter of the same run."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time

import click


@click.command(help="How long --help and --version take.")
@click.option("--json", "as_json", is_flag=True)
@click.option("--runs", default=7, show_default=True)
def cli(as_json: bool, runs: int) -> None:
    programs = {
        "bare interpreter": [sys.executable, "-c", "pass"],
        "--version": [sys.executable, "-m", "commonweal", "--version"],
        "--help": [sys.executable, "-m", "commonweal", "--help"],
    }
    seconds = {name: statistics.median(_time(command) for _ in range(runs)) for name, command in programs.items()}
    bare = seconds["bare interpreter"]
    answer = {name: {"seconds": round(s, 3), "ratio_to_bare": round(s / bare, 1)} for name, s in seconds.items()}
    if as_json:
        click.echo(json.dumps(answer))
        return
    for name, row in answer.items():
        click.echo(f"{name:18} {row['seconds']:.3f} s   {row['ratio_to_bare']:.1f} x a bare interpreter")


def _time(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start
