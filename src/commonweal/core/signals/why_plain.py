"""An explanation as plain values that JSON knows, and back: what is kept is what was worked out, to the last digit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from commonweal.core.signals.why import CommonPlace, FieldTable, Part, Testing, Why
from commonweal.core.signals.why_label import Label


def to_plain(why: Why) -> dict[str, Any]:
    """Dictionaries, lists, texts and numbers; a share of no change (NaN) is None."""
    return {name: _without_nan(value) for name, value in asdict(why).items()}


def from_plain(plain: Mapping[str, Any]) -> Why:
    """The explanation that `to_plain` was given."""
    testing = plain["testing"]
    return Why(
        _part(plain["change"]),
        tuple(_part(each) for each in plain["parts"]),
        None
        if testing is None
        else Testing(_part(testing["spread"]), tuple(testing["tests"]), tuple(testing["positivity"])),
        tuple(
            FieldTable(each["name"], each["completeness"], tuple(_part(part) for part in each["parts"]))
            for each in plain["tables"]
        ),
        tuple(CommonPlace(**each) for each in plain["places"]),
        dict(plain["completeness"]),
        Label(**plain["label"]),
    )


def _part(plain: Mapping[str, Any]) -> Part:
    return Part(**{**plain, "share": float("nan") if plain["share"] is None else plain["share"]})


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nan(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(each) for each in value]
    return None if isinstance(value, float) and value != value else value
