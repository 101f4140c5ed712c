"""Sweeps over loaded series in the database: signals with a life, one with what the counts tell, held back, once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from commonweal.apps.surveillance import actions, carried, counted, jobs, queries, sweeps
from commonweal.apps.surveillance.executors import Serial
from tests.conftest import make_space, remove_space

from . import city

FIRST = date(2027, 1, 4)
LAST = FIRST + timedelta(days=city.HISTORY)
SIGNALS = "select number, source, kind, level, place_code from surveillance.signal order by number"
HEAD = "place,date,metric,value,published_at"


@pytest.fixture
def ground(template: str) -> Iterator[str]:
    name = make_space(template, "replay")
    city.load_places()
    city.move_clock(LAST)
    yield name
    remove_space(name)


def load(folder: Path, name: str, lines: list[str]) -> None:
    path = folder / f"{name}.csv"
    path.write_text("\n".join([HEAD, *lines]))
    actions.load_series([path])


def daily(until: date, rise_from: date, *, since: date | None = None) -> list[str]:
    """Cases by specimen day of both authorities, published the day after; the west at ten times as many from a day on."""
    rng = np.random.default_rng(3)
    lines = []
    for back in range((until - FIRST).days):
        day = FIRST + timedelta(days=back)
        counts = {
            code: rng.poisson(30 if code == city.WEST and day >= rise_from else 3) for code in (city.WEST, city.EAST)
        }
        if since is None or day >= since:
            published = max(day + timedelta(days=1), FIRST + timedelta(days=40))
            lines += [f"{code},{day},cases_by_specimen_date,{n},{published}" for code, n in counts.items()]
    return lines


def test_a_published_series_becomes_a_signal_that_lives(ground: str, tmp_path: Path) -> None:
    load(tmp_path, "first", daily(LAST, LAST - timedelta(days=6)))
    (ran,) = sweeps.run_series(Serial())
    assert ran.outcome is not None
    assert ran.outcome.places["ltla"] == 2
    assert city.rows(SIGNALS) == [
        {"number": 1, "source": "cases_by_specimen_date", "kind": "rise", "level": "ltla", "place_code": city.WEST}
    ]
    (found,) = city.rows("select method, evidence from surveillance.finding")
    assert found["method"] == "rate rule on a published series"
    assert "Public Health England, daily dashboard, as published on" in found["evidence"]
    assert jobs.sweep_loaded_series(0) == [], "nothing was added since"
    city.move_clock(LAST + timedelta(days=1))
    load(tmp_path, "second", daily(LAST + timedelta(days=1), LAST - timedelta(days=6), since=LAST))
    assert jobs.sweep_loaded_series(0) == [2]
    for days in range(2, 22):
        city.move_clock(LAST + timedelta(days=days))
        jobs.sweep_loaded_series(0)
    states = [row["state"] for row in city.rows("select state from surveillance.signal_change order by signal, step")]
    assert states[0] == "opened"
    assert states[-2:] == ["fading", "closed"], "a series that is published no more tells nothing"
    assert carried.wrong() == []


def test_a_series_and_the_counts_that_tell_the_same_thing_are_one_signal(ground: str, tmp_path: Path) -> None:
    counts = city.Counts(FIRST, mean=0.06)
    for place in range(city.SIDE * city.SIDE):
        if city.authority(place) == city.WEST:
            for back in range(1, 7):
                counts.extra[place, LAST - timedelta(days=back)] = 1
    counts.until(LAST - timedelta(days=1))
    first = sweeps.run(Serial())
    assert first.opened >= 1
    (before,) = city.rows("select distinct signal from surveillance.finding where level = 'ltla'")
    load(tmp_path, "first", daily(LAST, LAST - timedelta(days=6)))
    (ran,) = sweeps.run_series(Serial())
    assert ran.outcome is not None
    assert [found.place for found in ran.outcome.found] == [city.WEST]
    assert ran.opened == 0
    told = city.rows(
        "select array_agg(distinct w.source order by w.source) as sources from surveillance.finding f"
        " join surveillance.sweep w on w.id = f.sweep_id where f.signal = %s and f.level = 'ltla'", [before["signal"]],
    )  # fmt: skip
    assert told == [{"sources": ["cases_by_specimen_date", "counts"]}]


def test_weekly_small_areas_are_held_against_their_past_and_suppressed_cells_are_no_signal(
    ground: str, tmp_path: Path
) -> None:
    weeks = [LAST - timedelta(days=1 + 7 * k) for k in range(10)]
    codes = [f"E0201{row:02d}{column:02d}" for row in range(6) for column in range(6)]
    lines = []
    for code in codes:
        for number, day in enumerate(weeks):
            value = "40" if code == codes[0] and number == 0 else "" if code == codes[1] else "5"
            lines.append(f"{code},{day},cases_in_week,{value},{LAST}")
    load(tmp_path, "weekly", lines)
    (ran,) = sweeps.run_series(Serial())
    assert ran.outcome is not None
    assert [found.place for found in ran.outcome.found] == [codes[0]]
    (signal,) = city.rows(SIGNALS)
    assert (signal["level"], signal["place_code"]) == ("msoa", codes[0])
    (members,) = city.rows("select members from surveillance.signal_change")
    assert len(members["members"]) == 4


def test_wards_of_a_series_are_swept_as_the_counts_know_them(
    ground: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = counted.geography()
    wards = [f"E0599{place // 4:04d}" for place in range(len(own.codes))]
    monkeypatch.setattr(counted, "geography", lambda: replace(own, parents={**own.parents, "ward": tuple(wards)}))
    monkeypatch.setattr(queries, "wards_of_postcodes", lambda codes: [code for code in codes if code in wards])
    weeks = [LAST - timedelta(days=1 + 7 * k) for k in range(10)]
    lines = [
        f"{code},{day},cases_in_week,{60 if code == wards[0] and day == weeks[0] else 5},{LAST}"
        for code in (*dict.fromkeys(wards), "E05990999")
        for day in weeks
    ]
    load(tmp_path, "wards", lines)
    (ran,) = sweeps.run_series(Serial())
    assert ran.outcome is not None
    assert ran.outcome.places["ward"] == len(set(wards))
    assert [(found.level, found.place, len(found.members)) for found in ran.outcome.found] == [("ward", wards[0], 4)]
    (kept,) = city.rows("select outcomes from surveillance.dataset")
    assert "(10, first E05990999" in kept["outcomes"]["unknown_area"]


def test_a_changed_definition_of_a_series_is_an_event_and_raises_nothing(ground: str, tmp_path: Path) -> None:
    load(tmp_path, "first", daily(LAST, LAST + timedelta(days=9)))
    assert sweeps.run_series(Serial())[0].opened == 0
    changed = [line.rsplit(",", 2) for line in daily(LAST, LAST - timedelta(days=6))]
    city.move_clock(LAST + timedelta(days=1))
    load(tmp_path, "second", [f"{head},{int(value) + 6},{LAST + timedelta(days=1)}" for head, value, _ in changed])
    (ran,) = sweeps.run_series(Serial())
    assert ran.outcome is not None
    assert ran.outcome.found == []
    assert {row["kind"] for row in city.rows(SIGNALS)} == {"definition_break"}
    assert city.rows(
        "select distinct held_by is not null as held from surveillance.finding where method like 'rate%%'"
    ) == [{"held": True}]
