"""`commonweal bench why`: rises with planted causes in the fictional city, and what they are said to be."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click
import numpy as np
import yaml

from commonweal.core.signals.why import explain
from commonweal.core.signals.why_bench import Judged, confusion, scores
from commonweal.core.signals.why_label import LABELS
from commonweal.core.signals.why_setting import WhySetting
from commonweal.server import parameters
from commonweal.synthetic.causes import ASKED, KINDS, Planted, plant

# which parts of an explanation are the planted cause
PARTS = {"testing_surge": ("more_testing", "targeted_testing"), "general_spread": ("spread",)}


@click.command("why", help="How often a planted cause is named, and how near its share comes.")
@click.option("--seeds", type=click.IntRange(1), default=200, show_default=True, help="Cities of each kind.")
@click.option("--first-seed", type=int, default=0, show_default=True, help="Seed of the first city.")
@click.option("--asked", type=click.FloatRange(0, 1), default=ASKED, show_default=True, help="Share of people asked.")
@click.option("--demand", type=click.FloatRange(0, 1), default=0.0, help="Share of negatives that follows positives.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(KINDS), help="Only these kinds.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def why(seeds: int, first_seed: int, asked: float, demand: float, kinds: tuple[str, ...], as_json: bool) -> None:
    setting = WhySetting.from_document(yaml.safe_load(parameters.text("signals/why.yaml")))
    wanted = kinds or KINDS
    work = [(kind, seed) for kind in wanted for seed in range(first_seed, first_seed + seeds)]
    judged = []
    with click.progressbar(work, label="Rises", file=sys.stderr) as steps:
        for kind, seed in steps:
            judged.append(judge(plant(kind, seed, asked, demand), setting, seed))
    table, lines = confusion(judged, wanted), scores(judged, wanted)
    if as_json:
        answer = {"labels": list(LABELS), "asked": asked, "demand": demand, "seeds": seeds, "confusion": table,
                  "scores": [asdict(line) for line in lines]}  # fmt: skip
        click.echo(json.dumps(answer, indent=1))
        return
    click.echo("Labels: " + ", ".join(LABELS) + "\n")
    click.echo(f"{'planted':15}" + "".join(f"{label[:11]:>12}" for label in LABELS))
    for kind, counts in table.items():
        click.echo(f"{kind:15}" + "".join(f"{counts[label]:>12}" for label in LABELS))
    headings = ("named", "true", "found", "bias", "off by", "in 10", "in 95 %")
    click.echo(f"\n{'planted':15}" + "".join(f"{heading:>8}" for heading in headings))
    for line in lines:
        click.echo(
            f"{line.kind:15}{line.named / line.rises:8.0%}{line.true_share:8.2f}{line.share:8.2f}{line.bias:+8.2f}"
            f"{line.distance:8.2f}{line.near:8.0%}{line.covered:8.0%}"
        )
    click.echo(
        "\ntrue, found: mean share of the change. off by: mean distance. in 10: within ten points of the truth.\n"
        "in 95 %: the truth lies in the interval. "
        f"{asked:.0%} of people were asked where they work and learn and whether they arrived."
    )


def judge(planted: Planted, setting: WhySetting, seed: int) -> Judged:
    """Explain one planted rise and hold it against the truth."""
    told = explain(planted.cases, planted.tested, setting, np.random.default_rng(seed))
    parts = [part for part in told.parts if part.name in PARTS.get(planted.kind, (planted.kind,))]
    caused = planted.caused
    inside = sum(part.lower for part in parts) <= caused <= sum(part.upper for part in parts)
    return Judged(planted.kind, told.label.name, planted.share, sum(part.share for part in parts), bool(inside))
