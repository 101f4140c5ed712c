"""From rows to what is explained: windows, households, settings and strata as numbers. Plain values, no database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from commonweal.core.epi.checks import IntArray
from commonweal.core.intake.persons import components_of
from commonweal.core.signals import why_data as data
from commonweal.core.signals.why_setting import WhySetting
from commonweal.core.signals.why_windows import Windows

Row = Mapping[str, Any]
NOWHERE = frozenset({"household", "hospital", "prison", "hostel", "hospitality", "worship", "other"})
REASONS = (None, False, True)
DELAYS = ("0 to 1 days", "2 to 3 days", "4 to 7 days", "8 days or more")
DELAY_ENDS = (1, 3, 7)
SEX_WORDS = {"female": "Women and girls", "male": "Men and boys"}


def prepared(
    cases: Sequence[Row],
    effort: Sequence[Row],
    span: Windows,
    setting: WhySetting,
    *,
    stratum: str,
    names: Mapping[str, str],
    by_report: bool,
) -> tuple[data.Cases, data.Tested | None]:
    """Cases and tests as arrays; tests are None where no test that found nothing is known at all.

    effort: tests that found nothing, by window, stratum and symptoms. stratum: the column that says where. names: of
    neighbourhoods by code, of settings by "kind:identifier".
    """
    dated = [(row, _day(row, by_report=by_report)) for row in cases]
    placed = [(row, window) for row, day in dated if day and (window := span.window_of(day)) is not None]
    rows = [row for row, _ in placed]
    places = sorted({str(row[stratum]) for row in rows} | {str(row["stratum"]) for row in effort})
    position = {code: at for at, code in enumerate(places)}
    number, settings = _settings(rows, names)
    found = data.Cases(
        window=_ints(window for _, window in placed),
        stratum=_ints(position[str(row[stratum])] * 3 + REASONS.index(row["symptomatic"]) for row in rows),
        household=households(rows),
        setting=number,
        age_group=_ints(_age_group(row, setting.age_groups) for row in rows),
        arrived=np.full(len(rows), data.UNKNOWN),
        late=np.array([by_report and _is_late(row, setting.late_days) for row in rows], dtype=bool),
        places=settings,
        fields=_fields(rows, names),
    )
    return found, _tested(effort, position)


def _ints(values: Any) -> IntArray:
    return np.array(list(values), dtype=np.int64)


def _day(row: Row, *, by_report: bool) -> date | None:
    day: date | None = row["reported_date"] if by_report else row["day"]
    return day


def _is_late(row: Row, days: int) -> bool:
    return row["reported_date"] is not None and (row["reported_date"] - row["day"]).days >= days


def _age_group(row: Row, first_ages: tuple[int, int]) -> int:
    age = row["age_years"]
    if age is None:
        return data.WORKING_AGE
    return sum(age >= first for first in first_ages)


def households(rows: Sequence[Row]) -> IntArray:
    """A number for those who share a household: the same property reference (UPRN), or the same address at a postcode,
    or both by way of others. UNKNOWN without either, and for people recorded in a care home."""
    keys = [() if row["setting_type"] == "care_home" else _household_keys(row) for row in rows]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(key for each in keys for key in each))}
    carried = [(record, numbers[key]) for record, each in enumerate(keys) for key in each]
    shared = components_of(_ints(record for record, _ in carried), _ints(key for _, key in carried), len(rows))
    return np.where([bool(each) for each in keys], shared, data.UNKNOWN)


def _household_keys(row: Row) -> tuple[tuple[str, str], ...]:
    """By what a record says where somebody lives: its property reference, its address with its postcode, or both.

    References are numbers of up to twelve digits, written with leading zeros or without.
    """
    reference = (row.get("uprn") or "").strip().lstrip("0")
    address = "".join(letter for letter in (row.get("address") or "").casefold() if letter.isalnum())
    known = [("uprn", reference)] if reference else []
    return (*known, *([(address, str(row["postcode"]))] if address else []))


def _settings(rows: Sequence[Row], names: Mapping[str, str]) -> tuple[IntArray, data.Places]:
    """A number for each workplace, care home and school; a workplace's postcode stands in for one that is not named."""
    numbers: dict[tuple[str, str], int] = {}
    found = []
    for row in rows:
        kind, identity = row["setting_type"], row["setting_id"]
        if kind not in data.SETTING_KINDS and row["workplace_postcode"]:
            kind, identity = "workplace", row["workplace_postcode"]
        if kind in data.SETTING_KINDS and identity:
            found.append(numbers.setdefault((kind, identity), len(numbers)))
        else:
            found.append(data.NO_SETTING if kind in NOWHERE else data.UNKNOWN)
    kinds = [data.SETTING_KINDS.index(kind) for kind, _ in numbers]
    labels = tuple(names.get(f"{kind}:{identity}", identity) for kind, identity in numbers)
    return _ints(found), data.Places(labels, np.array(kinds, dtype=np.int64))


def _fields(rows: Sequence[Row], names: Mapping[str, str]) -> tuple[data.Field, ...]:
    def coded(name: str, values: Sequence[str | None], order: Sequence[str] = ()) -> data.Field:
        labels = tuple(each for each in order if each in values) or tuple(sorted({each for each in values if each}))
        at = {label: number for number, label in enumerate(labels)}
        return data.Field(name, _ints(at.get(value or "", data.UNKNOWN) for value in values), labels)

    bands = sorted({row["age_band"] for row in rows if row["age_band"]}, key=age_order)
    delays = [
        None if row["reported_date"] is None else delay_words((row["reported_date"] - row["day"]).days) for row in rows
    ]
    return (
        coded("Small area", [names.get(row["msoa_code"] or "", row["msoa_code"]) for row in rows]),
        coded("Age", [row["age_band"] for row in rows], bands),
        coded("Sex", [SEX_WORDS.get(row["sex"] or "") for row in rows]),
        coded("Pillar", [said(row["pillar"]) for row in rows]),
        coded("Way of testing", [said(row["test_route"]) for row in rows]),
        coded("Setting", [said(row["setting_type"]) for row in rows]),
        coded("Days from swab to report", delays, DELAYS),
    )


def age_order(band: str) -> int:
    """The first age of a band; what is no band comes last."""
    first = band.split("-")[0].rstrip("+")
    return int(first) if first.isdigit() else 1000


def delay_words(days: int) -> str:
    """A number of days as one of DELAYS."""
    return DELAYS[sum(days > end for end in DELAY_ENDS)]


def said(value: str | None) -> str | None:
    if value in (None, "unknown"):
        return None
    words = str(value).replace("_", " ").replace("pillar", "pillar ")
    return words[:1].upper() + words[1:]


def _tested(effort: Sequence[Row], position: Mapping[str, int]) -> data.Tested | None:
    counts = np.zeros((2, 3 * len(position)))
    for row in effort:
        counts[row["window"], position[str(row["stratum"])] * 3 + REASONS.index(row["symptomatic"])] += row["n"]
    if min(counts.sum(axis=1), default=0) <= 0:
        return None
    return data.Tested(counts[0], counts[1], np.arange(counts.shape[1]) % 3)
