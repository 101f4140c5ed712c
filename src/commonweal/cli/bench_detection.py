"""`commonweal bench detection DIR`: how early and how truly rises are found, on real series of 2020."""

from __future__ import annotations

import json
import sys
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commonweal.cli.published_folder import Populations, read_authorities, read_triangle
from commonweal.core.errors import NotThere

if TYPE_CHECKING:
    import polars as pl

    from commonweal.core.epi.checks import IntArray
    from commonweal.core.signals.publications import Triangle
    from commonweal.core.signals.setting import Setting

INTERVAL_SEED = 20


@click.command()
@click.argument("directory", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of tables.")
@click.option("--seeds", type=int, default=0, help="How many seeds thin the final series; all of the parameters' if 0.")
def detection(directory: Path, as_json: bool, seeds: int) -> int:
    """Run the detection rule over every authority and morning in DIR and hold its flags against the rises.

    On final daily series thinned by the delays that the publications show (several seeds), and on the true
    publications. Prints false flags per authority and year, rises found and found in time, the lead, intervals, misses
    and the curve over thresholds; exit 1 when a goal is not reached.
    """
    import yaml

    from commonweal.core.signals.setting import Setting
    from commonweal.server import parameters

    plan = yaml.safe_load(parameters.text("signals/benchmark.yaml"))
    setting = Setting.from_document(yaml.safe_load(parameters.text("signals/rule.yaml")))
    document = measure(directory, plan, setting, plan["seeds"][: seeds or None])
    click.echo(json.dumps(document, indent=1) if as_json else as_text(document))
    return 0 if document["goals_reached"] else 1


def measure(directory: Path, plan: dict[str, Any], setting: Setting, seeds: list[int]) -> dict[str, Any]:
    """All runs over one folder, as plain values."""
    from commonweal.core.signals import bench
    from commonweal.core.signals.publications import matrix
    from commonweal.core.signals.rule import LEAST_DAYS

    triangles = {name: read_triangle(directory, each) for name, each in plan["triangles"].items()}
    for name, own in plan["triangles"].items():
        refuse_gaps(triangles[name], own, directory / own["file"])
    start = plan["series_start"]
    scored = [*plan["periods"].values(), *plan["triangles"].values()]
    table = read_authorities(
        directory / plan["series"],
        min(each["first"] for each in scored) - timedelta(days=LEAST_DAYS),
        max(each["last"] for each in scored),
    )
    areas = table["area_code"].unique().sort().to_list()
    final = matrix(table, areas, start, plan["series_end"])
    people = Populations.read(directory, plan)
    found: dict[str, Any] = {"rule_version": setting.version, "threshold": setting.threshold, "seeds": list(seeds)}
    for name, period in plan["periods"].items():
        chosen = plan["triangles"][period["delays"]]
        share = bench.delays_of(
            triangles[period["delays"]], chosen["one_definition_from"], chosen["learn_until"], setting
        )
        span = bench.Period(period["first"], period["last"])
        _say(f"{name}: {_counted(len(areas))}, {len(seeds)} seed{'s' if len(seeds) > 1 else ''}")
        runs = bench.thinned_runs(final, areas, start, people.of(areas), share, span, setting, seeds)
        found[name] = bench.described(runs, areas, start, setting, plan["thresholds"], INTERVAL_SEED)
    for name, own in plan["triangles"].items():
        triangle = triangles[name]
        _say(f"{name}: {_counted(len(triangle.areas))}, {len(triangle.on)} publications")
        truth = _truth(table, triangle, own["start"], plan["series_end"])
        run = bench.published_run(
            triangle, truth, people.of(triangle.areas), bench.Period(own["first"], own["last"]), setting
        )
        found[f"publications_{name}"] = bench.described(
            [run], triangle.areas, triangle.start, setting, plan["thresholds"], INTERVAL_SEED
        )
    found["goals"] = {name: against(found, name, goals) for name, goals in plan["goals"].items()}
    found["goals_reached"] = all(each["reached"] for goal in found["goals"].values() for each in goal.values())
    return found


def refuse_gaps(triangle: Triangle, own: dict[str, Any], path: Path) -> None:
    """Raise `NotThere` for publications that end before the last morning to be scored, or that teach no delay."""
    on = [triangle.start + timedelta(days=day) for day in triangle.on]
    if on[0] > own["first"] or on[-1] < own["last"]:
        raise NotThere(
            f"{path} has publications from {on[0]} to {on[-1]}; mornings from {own['first']} to {own['last']} are "
            "scored."
        )
    usable = [day for day in on if own["one_definition_from"] < day <= own["learn_until"]]
    if not any(after - before == timedelta(days=1) for before, after in pairwise(usable)):
        raise NotThere(
            f"{path} has no publications on two days running between {own['one_definition_from']} and "
            f"{own['learn_until']}; delays are learnt from those."
        )


def _truth(table: pl.DataFrame, triangle: Triangle, start: date, end: date) -> IntArray:
    """The final series where it has all areas of the publications, else their last one."""
    from commonweal.core.signals.publications import matrix

    if set(triangle.areas) <= set(table["area_code"].unique()):
        return matrix(table, triangle.areas, start, end)
    last: IntArray = triangle.counts[-1]
    return last


def against(found: dict[str, Any], name: str, goals: dict[str, float]) -> dict[str, Any]:
    """Each goal of a period or triangle: the value, whether it reached the goal, and whether its interval leaves the
    goal outside, so that chance alone would not have had it otherwise."""
    own = found.get(name) or found[f"publications_{name}"]
    out = {}
    for quantity, goal in goals.items():
        value = own[quantity]
        reached = value is not None and (value <= goal if quantity.startswith("false") else value >= goal)
        low, high = own["interval_95"][quantity]
        sure = low is not None and not low <= goal <= high
        out[quantity] = {"value": value, "goal": goal, "reached": bool(reached), "sure": sure}
    return out


def _counted(authorities: int) -> str:
    return "1 authority" if authorities == 1 else f"{authorities} authorities"


def _rises(own: dict[str, Any]) -> str:
    if not own["rises"]:
        return "no rise"
    rises = "1 rise" if own["rises"] == 1 else f"{own['rises']} rises"
    seeds = "" if own["runs"] == 1 else f", each seen under {own['runs']} seeds"
    return f"{rises} in {_counted(own['authorities_with_rises'])}{seeds}"


def _between(low: float | None, high: float | None) -> str:
    return "(too few to tell an interval)" if low is None else f"(95 % {_said(low)} to {_said(high)})"


def _said(value: float | None) -> str:
    return f"{'none':>8}" if value is None else f"{value:>8.3f}"


def as_text(document: dict[str, Any]) -> str:
    """Tables to read."""
    lines = [f"rule version {document['rule_version']}, threshold {document['threshold']}, seeds {document['seeds']}"]
    for name in [key for key, value in document.items() if isinstance(value, dict) and "rises" in value]:
        own = document[name]
        lines += ["", f"{name}: {_counted(own['authorities'])}, {own['mornings']} mornings, {_rises(own)}"]
        for quantity, (low, high) in own["interval_95"].items():
            lines.append(f"  {quantity:<32} {_said(own[quantity])}   {_between(low, high)}")
        lines.append("  threshold false/year    found  in time     lead")
        for each in own["curve"]:
            lines.append(
                f"  {each['threshold']:>9.3f} {_said(each['false_flags_per_authority_year'])} {_said(each['found'])}"
                f" {_said(each['in_time'])} {_said(each['lead_days'])}"
            )
        for miss in own["misses"]:
            lines.append(
                f"  {miss['area']} rise of {miss['first']} (trough {miss['trough']}): missed {miss['missed']}, late "
                f"{miss['late']} of {miss['runs']}"
            )
        for event in own["events"]:
            lines.append(
                f"  {event['day']} {event['kind']}: {event['areas']} areas, "
                f"{event['before']:,.0f} -> {event['after']:,.0f}"
            )
    lines += ["", "goals"]
    for name, goal in document["goals"].items():
        for quantity, each in goal.items():
            mark = "reached" if each["reached"] else "cannot be told" if each["value"] is None else "NOT reached"
            open_ = "" if each["sure"] or each["value"] is None else ", not beyond chance"
            lines.append(f"  {name:<8} {quantity:<32} {_said(each['value'])}  goal {each['goal']:>6.2f}  {mark}{open_}")
    return "\n".join(lines)


def _say(text: str) -> None:
    click.echo(text, file=sys.stderr)
