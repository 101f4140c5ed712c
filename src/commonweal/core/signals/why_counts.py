"""Why a place is rising as far as counts tell: testing, small areas, pillars, ages, sexes, days until known.

Counts say of a case where and when, not where it works, learns or lives. So the change is testing and everything else;
what cases have in common takes records. Groups of few are told together with others: sums stay, the few are not named.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from commonweal.core.signals import why_data as data
from commonweal.core.signals.why import FEW, NOT_KNOWN, SPREAD, FieldTable, Part, Why, explain, tables_of
from commonweal.core.signals.why_label import Label
from commonweal.core.signals.why_setting import WhySetting

IN_COMMON = ("workplace", "care_home", "school", "arrivals", "household")
ANY_SPREAD, OF_COUNTS = "any_spread", "counts"


@dataclass(frozen=True)
class Group:
    """So many cases of one window that are alike in everything that counts say: stratum, whether they came late, and a
    value for each field (None where it is not known)."""

    window: int
    n: int
    values: tuple[str | None, ...]
    stratum: int = 0
    late: bool = False


def explain_counts(
    groups: Sequence[Group],
    fields: Sequence[str],
    more: Sequence[tuple[tuple[str, ...], Sequence[Group]]],
    tested: data.Tested | None,
    setting: WhySetting,
    rng: np.random.Generator,
) -> Why:
    """Explain a change from counts. fields: names of the values of `groups`; more: other counts of the same cases, with
    names of their values (age and sex are counted apart from small areas).

    Raises `Refused` without any case in the later window.
    """
    why = explain(as_cases(groups, fields), tested, setting, rng)
    tables = list(why.tables)
    for names, others in more:
        if any(group.window == data.AFTER for group in others):
            tables += tables_of(as_cases(others, names), setting, rng, change=why.change.cases)
    parts = tuple(_of_counts(part) for part in why.parts if part.name not in IN_COMMON)
    label = Label("cannot_tell", OF_COUNTS) if why.label.reason in ("incomplete", "mixed") else why.label
    return replace(
        why,
        parts=parts,
        tables=tuple(told for table in tables if (told := few_together(table, setting.least_told)).parts),
        completeness={},
        label=label,
    )


def as_cases(groups: Sequence[Group], fields: Sequence[str]) -> data.Cases:
    """One position a case; nothing is known of households, settings and arrivals."""
    many = np.array([group.n for group in groups], dtype=np.int64)
    size = int(many.sum())
    unknown = np.full(size, data.UNKNOWN)

    def spread_out(values: Iterable[int]) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        return np.repeat(np.array(list(values), dtype=np.int64), many)

    made = []
    for at, name in enumerate(fields):
        labels = tuple(dict.fromkeys(value for group in groups if (value := group.values[at]) is not None))
        number = {label: code for code, label in enumerate(labels)}
        codes = spread_out(number.get(group.values[at] or "", data.UNKNOWN) for group in groups)
        made.append(data.Field(name, codes, labels))
    return data.Cases(
        window=spread_out(group.window for group in groups),
        stratum=spread_out(group.stratum for group in groups),
        household=unknown,
        setting=unknown,
        age_group=np.full(size, data.WORKING_AGE),
        arrived=unknown,
        late=spread_out(group.late for group in groups).astype(bool),
        places=data.Places((), np.zeros(0, dtype=np.int64)),
        fields=tuple(made),
    )


def few_together(table: FieldTable, least: int) -> FieldTable:
    """Values with 1 to `least` - 1 cases in a window told as one line, with the next smallest where it would be told by
    itself, so that no few can be worked out from the sum. One few that cannot be joined leaves
    no table, because each adds up to the change."""
    known = [part for part in table.parts if part.name != NOT_KNOWN]
    few = [part for part in known if any(0 < (number or 0) < least for number in (part.before, part.after))]
    if not few:
        return table
    others = sorted(
        (part for part in known if part not in few), key=lambda part: (part.after or 0) + (part.before or 0)
    )
    while others and _needs_company(few, least):
        few.append(others.pop(0))
    if len(few) < 2:
        return replace(table, parts=())
    kept = [part for part in table.parts if part not in few and part.name != NOT_KNOWN]
    rest = [part for part in table.parts if part.name == NOT_KNOWN]
    return replace(table, parts=(*kept, _together(few), *rest))


def _needs_company(few: Sequence[Part], least: int) -> bool:
    """One alone is told by the sum; so are several that are still few together."""
    sums = [sum(getattr(part, side) or 0 for part in few) for side in ("before", "after")]
    return len(few) < 2 or any(0 < number < least for number in sums)


def _together(parts: Sequence[Part]) -> Part:
    """Limits as of parts that vary apart from each other."""
    cases = sum(part.cases for part in parts)
    down = math.sqrt(sum((part.cases - part.lower) ** 2 for part in parts))
    up = math.sqrt(sum((part.upper - part.cases) ** 2 for part in parts))
    before, after = (sum(getattr(part, side) or 0 for part in parts) for side in ("before", "after"))
    return Part(FEW, before, after, cases, cases - down, cases + up, sum(part.share for part in parts))


def _of_counts(part: Part) -> Part:
    return replace(part, name=ANY_SPREAD) if part.name == SPREAD else part
