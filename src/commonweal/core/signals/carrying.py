"""A signal as it stands, as one row: what the next sweep needs of its past, without reading the past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from commonweal.core.signals.found import Key, Measured
from commonweal.core.signals.running import Running, Step


def as_row(signal: Running) -> dict[str, Any]:
    """scope, members, last_found, places (level, place, setting), sizes (the same, metric, rate, rate as told), and the
    newest step."""
    newest = signal.steps[-1]
    sizes = [[*each, signal.rates.get(each), signal.told.get(each)] for each in sorted({*signal.rates, *signal.told})]
    return {
        "scope": sorted(signal.scope), "members": sorted(signal.members), "last_found": signal.last_found,
        "places": [list(key) for key in sorted(signal.keys)], "sizes": sizes, "morning": newest.morning,
        "state": newest.state, "level": newest.level, "place_code": newest.place,
    }  # fmt: skip


def from_row(number: int, kind: str, row: Mapping[str, Any]) -> Running:
    """The signal again; of its steps only the newest, which is all that its life goes on from."""
    rates: dict[Measured, float] = {}
    told: dict[Measured, float] = {}
    for level, place, setting, metric, rate, said in row["sizes"]:
        _enter(rates, (level, place, setting, metric), rate)
        _enter(told, (level, place, setting, metric), said)
    keys: frozenset[Key] = frozenset((level, place, setting) for level, place, setting in row["places"])
    last_found: date = row["last_found"]
    step = Step(row["morning"], row["state"], row["level"], row["place_code"])
    return Running(
        number, kind, frozenset(row["scope"]), frozenset(row["members"]), keys, last_found, rates, told,
        [step],
    )  # fmt: skip


def same(one: Running, other: Running) -> bool:
    """Whether two signals go on alike: all but the steps before the newest."""
    return as_row(one) == as_row(other) and (one.number, one.kind) == (other.number, other.kind)


def differing(ones: Sequence[Running], others: Sequence[Running]) -> list[int]:
    """Numbers of signals that are not the same in both, or are in one only."""
    left, right = ({each.number: each for each in some} for some in (ones, others))
    return sorted(
        number
        for number in left.keys() | right.keys()
        if number not in left or number not in right or not same(left[number], right[number])
    )


def _enter(table: dict[Measured, float], key: Measured, value: float | None) -> None:
    if value is not None:
        table[key] = float(value)
