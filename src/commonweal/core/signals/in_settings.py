"""Outbreaks in settings by definition: so many linked cases within so many days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from commonweal.core.errors import Refused
from commonweal.core.signals.found import Found

LINKED = "linked cases"
AT_HOME = 0.5  # of a setting's cases: a small area with so many is where the setting lies


@dataclass(frozen=True)
class Definition:
    """Cases within days that make an outbreak."""

    cases: int
    days: int


def definitions(document: Mapping[str, Any]) -> dict[str, Definition]:
    """By setting type, from `parameters/signals/sweep.yaml`. Raises `Refused` for a definition that cannot be met."""
    found = {str(name): Definition(**each) for name, each in document.items()}
    for name, each in found.items():
        if each.cases < 1 or each.days < 1:
            raise Refused(f"parameters/signals/sweep.yaml: {each.cases} cases in {each.days} days cannot define an "
                          f"outbreak in a {name}.")  # fmt: skip
    return found


def identity(row: Mapping[str, Any]) -> str:
    """By what a setting is known: its kind and its number in the register of its kind."""
    return f"{row['setting_type']}:{row['setting_id']}"


def kind_words(row: Mapping[str, Any]) -> str:
    """Its kind in words."""
    return str(row["setting_type"]).replace("_", " ")


def outbreaks(settings: Sequence[Mapping[str, Any]], rules: Mapping[str, Definition], morning: date) -> list[Found]:
    """The settings that meet their definition in the days up to the morning.

    settings: setting_type, setting_id, and lists scope (authority), small (small area), days, cases, which go together.
    """
    out = []
    for each in settings:
        rule = rules[each["setting_type"]]
        first = morning - timedelta(days=rule.days - 1)
        entries = zip(each["scope"], each["small"], each["days"], each["cases"], strict=True)
        inside = [entry for entry in entries if first <= entry[2] <= morning]
        number = sum(entry[3] for entry in inside)
        if number < rule.cases:
            continue
        by_small: dict[str, int] = {}
        for _, small, _, cases in inside:
            by_small[small] = by_small.get(small, 0) + cases
        heart = min(by_small, key=lambda small: (-by_small[small], small))
        members = frozenset(small for small, cases in by_small.items() if cases >= AT_HOME * number)
        days = sorted(entry[2] for entry in inside)
        text = (
            f"{number} people of one {kind_words(each)} tested positive in {rule.days} days ({days[0]:%-d %B} to "
            f"{days[-1]:%-d %B}); {rule.cases} are an outbreak by definition."
        )
        out.append(
            Found(
                "setting", heart, LINKED, frozenset(entry[0] for entry in inside), members, days[0], morning,
                float(number), None, None, None, None, float(number), None, None, text,
                identity(each),
            )
        )  # fmt: skip
    return out
