"""Sources that overlap: a series of a place is answered by one of them, whole, and says which."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonweal.apps.places import queries as places
from commonweal.apps.surveillance import actions, brief, definitions, queries
from commonweal.cli import commands
from commonweal.cli.errors import EXIT_NOT_THERE, EXIT_REFUSED, run
from commonweal.core.errors import Refused
from commonweal.site import installation
from commonweal.web import db

METRIC, HERE, THERE = "cases_by_specimen_date", "E06000016", "E06000017"
DASHBOARD = "Area name,Area code,Area type,Specimen date,Daily lab-confirmed cases,Cumulative lab-confirmed cases\n"
ARCHIVE = "published,area_code,specimen_date,new_cases\n"
DAY = date(2020, 8, 10)


@pytest.fixture
def world(fresh_space: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMMONWEAL_SPACE", fresh_space)
        patch.setattr(installation, "open_existing", lambda name: None)
        yield


def dashboard(folder: Path, published: date, cases: dict[date, int], code: str = HERE) -> Path:
    path = folder / f"cases_{code}_{published}.csv"
    running = 0
    rows = []
    for day, n in sorted(cases.items()):
        running += n
        rows.append(f"Leicester,{code},Unitary,{day},{n},{running}")
    path.write_text(DASHBOARD + "\n".join(rows))
    return path


def archive(folder: Path, name: str, said: dict[tuple[date, date], int], code: str = HERE) -> Path:
    path = folder / name
    path.write_text(ARCHIVE + "".join(f"{published},{code},{day},{n}\n" for (published, day), n in said.items()))
    return path


def days(count: int, n: int) -> dict[date, int]:
    return {DAY - timedelta(days=back): n for back in range(count)}


def curve(**asked: object) -> tuple[set[str], dict[date, float]]:
    rows = queries.values(METRIC, [HERE], **asked)  # type: ignore[arg-type]
    return {row["source"] for row in rows}, {row["day"]: row["low"] for row in rows}


def test_a_curve_is_of_one_source_and_never_of_two(world: None, tmp_path: Path) -> None:
    later = DAY + timedelta(days=1)
    said = {(DAY, day): 50 for day in days(5, 0)}
    (first,) = actions.load_series([dashboard(tmp_path, DAY, days(10, 7))])
    (second,) = actions.load_series([archive(tmp_path, f"ltla_autumn_{later}.csv", said)])
    assert (first.source, second.source) == ("dashboard", "ltla_autumn")
    assert curve() == ({"dashboard"}, days(10, 7))
    assert curve(source="ltla_autumn") == ({"ltla_autumn"}, days(5, 50))
    assert curve(source="nobody") == (set(), {})
    speak = [(each["source"], each["rank"]) for each in queries.speaking(METRIC, [HERE])]
    assert speak == [("dashboard", 1), ("ltla_autumn", 2)]


def test_two_archives_that_meet_in_a_month_are_two_sources(world: None, tmp_path: Path) -> None:
    early = {(DAY - timedelta(days=back), DAY - timedelta(days=9)): 3 + back for back in range(5)}
    late = {(DAY + timedelta(days=on), DAY - timedelta(days=9)): 80 + on for on in range(-3, 20)}
    actions.load_series([archive(tmp_path, "early.csv", early), archive(tmp_path, "late.csv", late)])
    assert curve(as_of=DAY - timedelta(days=4)) == ({"early"}, {DAY - timedelta(days=9): 7})
    assert curve(as_of=DAY)[0] == {"early"}, "both are current: the one named first by its name"
    assert curve(as_of=DAY + timedelta(days=19))[0] == {"late"}, "the other one ended weeks ago"


def test_a_source_that_lags_answers_no_more_and_did_when_it_was_new(world: None, tmp_path: Path) -> None:
    lag = definitions.sources().current_days
    actions.load_series([dashboard(tmp_path, DAY, days(10, 7))])
    new = DAY + timedelta(days=lag + 1)
    actions.load_series([archive(tmp_path, "weekly.csv", {(new, day): 9 for day in days(3, 0)})])
    assert curve(as_of=DAY)[0] == {"dashboard"}
    assert curve(as_of=new - timedelta(days=1))[0] == {"dashboard"}
    assert curve(as_of=new)[0] == {"weekly"}


def test_an_archive_with_a_gap_is_as_old_as_its_newest_publication_before_it(world: None, tmp_path: Path) -> None:
    lag = definitions.sources().current_days
    ends = DAY + timedelta(days=3 * lag)
    actions.load_series([archive(tmp_path, "a_gap.csv", {(DAY, DAY): 5, (ends, DAY): 7})])
    actions.load_series([archive(tmp_path, "weekly.csv", {(DAY + timedelta(days=lag + 2), DAY): 6})])
    assert curve(as_of=DAY) == ({"a_gap"}, {DAY: 5})
    assert curve(as_of=DAY + timedelta(days=lag + 2)) == ({"weekly"}, {DAY: 6}), "nothing came of it for so long"
    assert curve(as_of=ends + timedelta(days=lag)) == ({"a_gap"}, {DAY: 7})


def test_what_was_known_before_a_source_came_answers_as_it_did(world: None, tmp_path: Path) -> None:
    actions.load_series([archive(tmp_path, "weekly.csv", {(DAY, day): 9 for day in days(3, 0)})])
    before = db.freeze()
    actions.load_series([dashboard(tmp_path, DAY, days(10, 7))])
    assert curve()[0] == {"dashboard"}
    assert curve(known_at=before) == ({"weekly"}, days(3, 9))


def test_what_a_source_counted_before_it_was_redefined_is_no_part_of_its_curve(world: None, tmp_path: Path) -> None:
    (anew,) = (each for each in definitions.sources().redefined if each.metric == METRIC)
    before, after = anew.since - timedelta(days=2), anew.since + timedelta(days=8)
    old = {before - timedelta(days=back): 2 for back in range(1, 20)}
    few = {after - timedelta(days=back): 30 for back in range(1, 5)}
    actions.load_series([dashboard(tmp_path, before, old)])
    actions.load_series([dashboard(tmp_path, after, few)])
    assert curve(as_of=before) == ({"dashboard"}, old)
    assert curve(as_of=after) == ({"dashboard"}, few), "days that were only counted otherwise are unknown"


def test_one_file_has_one_source(world: None, tmp_path: Path) -> None:
    path = dashboard(tmp_path, DAY, days(3, 1))
    actions.load_series([path], source="our_copy")
    with pytest.raises(Refused, match="was loaded before as the source our_copy, not 'dashboard'"):
        actions.load_series([path], source="dashboard")
    (again,) = actions.load_series([path])
    assert (again.replayed, again.source) == (True, "our_copy")
    with pytest.raises(Refused, match="'Our copy!' names no source"):
        actions.load_series([dashboard(tmp_path, DAY, days(4, 1))], source="Our copy!")


def test_places_are_held_against_each_other_by_one_source(
    world: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = days(12, 1)
    actions.load_series([dashboard(tmp_path, DAY, own, code) for code in (HERE, THERE)])
    newest = DAY + timedelta(days=2)
    said = {(newest, newest - timedelta(days=back)): 90 for back in range(1, 15)}
    actions.load_series([archive(tmp_path, "one_place.csv", said)])
    assert curve(source="one_place")[0] == {"one_place"}
    assert queries.common_source(METRIC) == "dashboard", "it has both places"
    people = type("People", (), {"n": 100_000})()
    monkeypatch.setattr(places, "denominators", lambda codes, level: dict.fromkeys(codes, people))
    found = brief.published([HERE, THERE])
    assert found is not None
    assert found.rates == {HERE: 7, THERE: 7}, "rates of two sources would stand side by side"


SOURCES = st.sampled_from(["dashboard", "plain_table", "a", "b"])
PUBLICATIONS = st.lists(
    st.tuples(SOURCES, st.integers(0, 25), st.lists(st.integers(0, 6), min_size=1, max_size=4, unique=True)),
    min_size=1, max_size=6, unique_by=lambda each: each[:2],
)  # fmt: skip


Told = list[tuple[str, int, list[int]]]


def slowly(told: Told, as_of: int) -> tuple[set[str], dict[int, float]]:
    """Which source answers and with what, as one would say it."""
    seen = [each for each in told if each[1] <= as_of]
    if not seen:
        return set(), {}
    rules = definitions.sources()
    newest = {name: max(on for who, on, _ in seen if who == name) for name, _, _ in seen}
    current = [name for name in newest if newest[name] >= max(newest.values()) - rules.current_days]
    order = [name for name in rules.order if name in current]
    chosen = order[0] if order else min(current, key=lambda name: (-newest[name], name))
    curve: dict[int, float] = {}
    for who, on, over in sorted(seen, key=lambda each: each[1]):
        if who == chosen:
            curve |= {day: float(100 * on + day) for day in over}
    return {chosen}, curve


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=PUBLICATIONS, place=st.integers(0, 99_999))
def test_any_overlap_answers_as_one_would_say_it(told: Told, place: int, world: None, tmp_path: Path) -> None:
    code = f"E07{place:05d}{len(told)}"[:9].ljust(9, "0")
    start = date(2021, 1, 10) + timedelta(days=place % 1500)
    if queries.speaking(METRIC, [code]):
        return
    for number, (source, on, over) in enumerate(told):
        path = tmp_path / f"{code}-{number}.csv"
        lines = [f"{code},{start - timedelta(days=day)},{METRIC},{100 * on + day}" for day in over]
        path.write_text("\n".join(["place,date,metric,value", *lines]))
        actions.load_series([path], published=start + timedelta(days=on), source=source)
    for as_of in (0, 5, 12, 19, 25):
        rows = queries.values(METRIC, [code], as_of=start + timedelta(days=as_of))
        found = {row["source"] for row in rows}, {(start - row["day"]).days: row["low"] for row in rows}
        assert found == slowly(told, as_of)


def test_the_command_line_says_which_source_and_which_others(
    world: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    actions.load_series([dashboard(tmp_path, DAY, days(2, 7))])
    path = archive(tmp_path, "weekly.csv", {(DAY, day): 9 for day in days(1, 0)})

    def command(line: str) -> tuple[int, str, str]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.argv", ["commonweal", *shlex.split(line)])
            code = run(commands)
        answer = capsys.readouterr()
        return code, answer.out, answer.err

    code, out, _ = command(f"series load {path}")
    assert (code, "Source: weekly." in out) == (0, True)
    _, out, _ = command(f"series show {METRIC} {HERE}")
    assert "Source: dashboard." in out
    assert "Other sources, not mixed in: weekly. Choose one with --source." in out
    _, out, _ = command(f"series show {METRIC} {HERE} --source weekly --json")
    assert [(row["source"], row["low"]) for row in json.loads(out)] == [("weekly", 9)]
    code, _, err = command(f"series show {METRIC} {HERE} --source nobody")
    assert (code, "Sources that do: dashboard, weekly." in err) == (EXIT_NOT_THERE, True)
    code, _, err = command(f"series load {path} --source another")
    assert (code, "a file has one source" in err) == (EXIT_REFUSED, True)
