"""Made-up signals of Fernleigh for *Signals*, *Signal* and *Sweeps*, known on 13 June 2020."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from commonweal.apps.surveillance.definitions import metrics, past_rule
from commonweal.apps.surveillance.pages import place_series, signal, signal_facts, signals, sweeps
from commonweal.apps.surveillance.pages.addresses import Address
from commonweal.apps.surveillance.pages.signal_words import Names
from commonweal.core.pictures import AreaValue
from commonweal.core.signals.alike import Traits
from commonweal.web.pages import Pager

from . import sample_area, sample_place

AS_OF, TODAY = sample_area.AS_OF, sample_area.TODAY
CITY = "E06000016"
HERE, BESIDE = sample_area.SHAPES[3], sample_area.SHAPES[4]
MEMBERS = ["E01003000", "E01003001", "E01004000"]
NAMES = Names(
    {CITY: "Fernleigh", **sample_place.NAMES},
    {code: each.group_code for code, each in sample_area.AREAS.items()},
    dict.fromkeys(sample_area.AREAS, CITY),
    {"care_home:CH-017": "Willow Court"},
    {"care_home:CH-017": "E01009000"},
)


def row(number: int = 1, **changes: Any) -> dict[str, Any]:
    made = {
        "number": number, "source": "counts", "kind": "cluster", "setting_id": None, "opened_on": TODAY - timedelta(days=4),
        "opened_at": AS_OF - timedelta(days=4), "state": "growing", "step": 2, "morning": TODAY, "changed_at": AS_OF,
        "sweep_id": 7, "level": "cluster", "place_code": MEMBERS[0], "scope": [CITY], "members": MEMBERS, "rate": 212.0,
        "observed": 19.0, "strength": 9.0, "recurrence_days": 5_000.0, "rank": 0,
        "evidence": ["19 people in 3 small areas in 8 days where 4.3 were to be expected from their own past."],
    }  # fmt: skip
    return {**made, **changes}


def rows() -> list[dict[str, Any]]:
    return [
        row(2, kind="rise", state="opened", level="msoa", place_code=BESIDE.code, members=[], rate=140.0, observed=11.0,
            recurrence_days=900.0),
        row(3, kind="setting", state="fading", level="setting", setting_id="care_home:CH-017", rate=None, observed=None, rank=1,
            recurrence_days=None, evidence=[]),
        row(4, kind="late_batch", state="opened", level="ltla", place_code=CITY, members=[], rate=None, observed=60.0,
            recurrence_days=None),
        row(),
    ]  # fmt: skip


def change(step: int, state: str, **changes: Any) -> dict[str, Any]:
    made = row(state=state, step=step, **changes)
    return {**made, "signal": 1, "known_at": AS_OF - timedelta(days=4 - 2 * step)}


def finding(at: int, **changes: Any) -> dict[str, Any]:
    made = {
        "id": at, "sweep_id": 7, "signal": 1, "held_by": None, "morning": TODAY - timedelta(days=at), "level": "cluster",
        "place_code": MEMBERS[0], "setting_id": None, "method": "poisson scan", "scope": [CITY],
        "first_day": TODAY - timedelta(days=11), "last_day": TODAY - timedelta(days=3 + at), "observed": 19.0 - 4 * at,
        "expected": 4.3, "expected_low": 1.0, "expected_high": 9.0, "rate": 212.0, "strength": 9.0, "p_value": 0.0002,
        "recurrence_days": 5_000.0, "members": MEMBERS, "evidence": "19 people in 8 days.", "known_at": AS_OF,
    }  # fmt: skip
    return {**made, **changes}


def ground() -> signals.Ground:
    values = tuple(
        AreaValue(shape.code, 20.0 * at, 3 * at, 8_000, href=f"/places/{shape.code}")
        for at, shape in enumerate(sample_area.SHAPES)
    )
    area_of = {code: each.group_code for code, each in sample_area.AREAS.items()}
    return signals.Ground(
        "Fernleigh", sample_area.SHAPES, values, sample_area.READING.rate_breaks, "seven days to Tuesday 9 June 2020",
        "Neighbourhood", area_of,
    )  # fmt: skip


def signals_page(found: list[dict[str, Any]] | None = None, **asked: str) -> dict[str, Any]:
    built = signals.build(
        rows() if found is None else found, NAMES, signals.Asked(**asked), [(CITY, "Fernleigh"), ("E07000135", "Oadby")],
        ground(), SWEPT, Address("/signals", "", AS_OF), Pager("4 signals."), "Fernleigh",
    )  # fmt: skip
    return {"signals": built, "page": built.page, "moment": "2020-06-13T06:02:11.250000Z"}


def facts(**changes: Any) -> signal_facts.Facts:
    days = tuple(TODAY - timedelta(days=31 - at) for at in range(28))
    places = [
        signal_facts.Alike(shape.code, shape.name, Traits(7_500 + 100 * at, 2.0 + at, 0.15), tuple([1 + at % 3] * 28))
        for at, shape in enumerate(sample_area.SHAPES[3:8])
    ]
    made: dict[str, Any] = {
        "row": row(), "names": NAMES,
        "changes": [change(1, "opened", observed=9.0), change(2, "growing")],
        "findings": [finding(0), finding(2), finding(3, signal=None, held_by=4, method="count against past")], "as_of": AS_OF,
        "figures": sample_place.figures(), "whole": True, "alike": tuple(places), "alike_word": "neighbourhoods",
        "alike_days": days,
        "codes": (CITY,),
    }  # fmt: skip
    return signal_facts.Facts(**{**made, **changes})


def signal_page(**changes: Any) -> dict[str, Any]:
    drawn = signals.signal_map([row()], ground(), NAMES, Address("/signals", "", AS_OF))
    built = signal.build(
        facts(**changes), drawn.picture if drawn else None, Address("/signals/1", "", AS_OF, pinned=True), "Commonweal.",
        swept=SWEPT,
    )  # fmt: skip
    return {"signal": built, "page": built.page, "slots": ()}


def told(name: str = "school_absence", weeks: int = 20) -> signal_facts.Told:
    """A loaded series that stands still and rises in its newest weeks; every eleventh value is kept back."""
    metric = metrics().by_id(name)
    days = [TODAY - timedelta(days=1 + at * metric.window_days) for at in range(weeks * 7 // metric.window_days)]
    rows = [
        {"day": day, "low": 3.0 + (at % 5) + (9 if (TODAY - day).days < 9 else 0), "published": TODAY}
        for at, day in reversed(list(enumerate(days)))
    ]
    kept = ({**row, "high": row["low"] + (2 if at % 11 == 10 else 0)} for at, row in enumerate(rows))
    series = place_series.Told(metric, tuple({**row, "source": "plain_table"} for row in kept))
    return signal_facts.Told("Fernleigh", AS_OF, series, TODAY - timedelta(days=62), past_rule())


def sweep_row(number: int = 7, **changes: Any) -> dict[str, Any]:
    made = {
        "id": number, "source": "counts", "as_of": AS_OF - timedelta(hours=3), "morning": TODAY, "touched": None,
        "code_version": "0.1", "parameters_version": "rule 1, sweep 1", "executor": "serial", "seconds": 41.3,
        "cost": {"scans": 31.2, "small areas": 6.1, "replicates": 12_999},
        "places": {"lsoa": 467, "msoa": 94, "ltla": 8}, "not_done": {"E07000135": "fewer than 35 days are known"},
        "budget": {"a_year": 1.0, "shares": {"lsoa": 0.4, "poisson": 0.6}, "limit_days": 365.2,
                   "limit_days_by_family": {"lsoa": 913.0, "poisson": 608.7}},
        "known_at": AS_OF - timedelta(hours=2),
    }  # fmt: skip
    return {**made, **changes}


SWEPT = signals.Swept(AS_OF - timedelta(hours=2), TODAY, 643, 7, sweep_row())


def sweeps_page(found: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    chosen = [sweep_row(), sweep_row(6, touched=[CITY], not_done={})] if found is None else found
    built = sweeps.build(chosen, {CITY: 2}, {CITY: "Fernleigh"}, Address("/sweeps", "", AS_OF), Pager("2 sweeps."))
    return {"sweeps": built, "page": built.page}


def sweep_page() -> dict[str, Any]:
    found = [{"method": "poisson scan", "findings": 4, "signals": 1, "held": 0}]
    built = sweeps.build_one(sweep_row(), found, {"E07000135": "Oadby"}, Address("/sweeps/7", "", AS_OF))
    return {"sweep": built, "page": built.page}
