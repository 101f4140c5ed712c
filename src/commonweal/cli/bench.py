"""`commonweal bench`: measure. Each measurement prints ratios taken in one run, so that a slow machine does not lie."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path

import click

from commonweal.core.errors import NotThere

# name -> (module below benchmarks/ or an installed module, one line of help)
MEASUREMENTS: dict[str, tuple[str, str]] = {
    "intake": ("benchmarks.intake", "A million records through intake, against COPY of the same values."),
    "kills": ("benchmarks.kills", "Random kill -9 while files are taken in: nothing lost, nothing doubled."),
    "live": ("benchmarks.live", "Single records by HTTP, and from commit to the open page."),
    "pages": ("benchmarks.pages", "My area with millions of results; cross-area attempts."),
    "surveillance": ("benchmarks.surveillance_pages", "Places, signals and sweeps with millions of results."),
    "places": ("benchmarks.places", "A national postcode directory through places load, and lookups in it."),
    "desk": ("benchmarks.desk", "A thousand offices told; search at scale and out of scope."),
    "conformance": ("commonweal.cli.bench_conformance", "The statistics against the reference cases in a folder."),
    "detection": ("commonweal.cli.bench_detection", "How early and how truly rises of 2020 are found."),
    "sweep": ("benchmarks.sweep", "A sweep of a country: time, memory, workers, growth; from results to a signal."),
    "why": ("commonweal.cli.bench_why", "How often planted causes of a rise are named."),
    "engine": ("benchmarks.engine", "How fast the statistics are, and how they scale."),
    "quality": ("benchmarks.quality", "Power, false alarms and coverage on simulated truth."),
    "cli": ("benchmarks.cli", "How long --help and --version take."),
}


class Measurements(click.Group):
    """Loads a measurement when it is called; the benchmarks live beside the source, not in the installed package."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(MEASUREMENTS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in MEASUREMENTS:
            return None
        module = _load(MEASUREMENTS[cmd_name][0])
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Measurements"):
            formatter.write_dl([(name, line) for name, (_, line) in MEASUREMENTS.items()])


def _load(name: str) -> object:
    if not name.startswith("benchmarks."):
        return importlib.import_module(name)
    root = Path(__file__).resolve().parents[3]
    if not (root / "benchmarks").is_dir():
        raise NotThere(f"The benchmarks are in the source tree, which is not at {root}. Run this from a clone.")
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    return importlib.import_module(name)


@click.group(cls=Measurements, help="Measure speed and quality.")
def bench() -> None:
    pass
