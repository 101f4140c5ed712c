"""Series in the database: loaded once, read as of any publication, clashes refused."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from commonweal.apps.places.actions import load_files
from commonweal.apps.surveillance import actions, queries
from commonweal.cli import commands
from commonweal.cli.errors import EXIT_NOT_THERE, EXIT_REFUSED, run
from commonweal.core.errors import Refused
from commonweal.site import installation
from commonweal.web import db

METRIC = "cases_by_specimen_date"
HEAD = "place,date,metric,value,published_at\n"
TWO_VINTAGES = (
    HEAD + "E06000016,2020-06-21,cases_by_specimen_date,4,2020-06-29\n"
    "E06000016,2020-06-21,cases_by_specimen_date,71,2020-07-03\n"
)


@pytest.fixture
def saved(tmp_path: Path):
    def save(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return save


@pytest.fixture(autouse=True)
def world(fresh_space: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMMONWEAL_SPACE", fresh_space)
        patch.setattr(installation, "open_existing", lambda name: None)
        yield


def low(as_of: date | None = None) -> list[float]:
    return [row["low"] for row in queries.values(METRIC, ["E06000016"], as_of=as_of)]


def test_a_read_answers_as_published_up_to_the_day(saved):
    (loaded,) = actions.load_series([saved("a.csv", TWO_VINTAGES)])
    assert (loaded.layout, loaded.rows, loaded.new, loaded.outcomes) == ("tidy", 2, 2, {})
    assert low(date(2020, 6, 28)) == []
    assert low(date(2020, 6, 29)) == [4]
    assert low(date(2020, 7, 2)) == [4]
    assert low(date(2020, 7, 3)) == [71]
    assert low() == [71]


def test_a_read_also_answers_as_known_here(saved):
    actions.load_series([saved("a.csv", TWO_VINTAGES)])
    before = db.freeze()
    late = HEAD + "E06000016,2020-06-21,cases_by_specimen_date,72,2020-07-10\n"
    actions.load_series([saved("b.csv", late)])
    assert low() == [72]
    assert [row["low"] for row in queries.values(METRIC, ["E06000016"], known_at=before)] == [71]


def test_the_same_bytes_change_nothing_and_the_same_values_add_nothing(saved):
    first = saved("a.csv", TWO_VINTAGES)
    actions.load_series([first])
    (again,) = actions.load_series([first])
    assert (again.replayed, again.new) == (True, 0)
    (other,) = actions.load_series([saved("c.csv", TWO_VINTAGES + "E06000016,2020-06-22,admissions,1,2020-07-03\n")])
    assert (other.rows, other.new) == (3, 1)


def test_another_value_of_the_same_publication_is_refused_and_nothing_changes(saved):
    actions.load_series([saved("a.csv", TWO_VINTAGES)])
    clash = saved("b.csv", TWO_VINTAGES.replace(",71,", ",70,"))
    with pytest.raises(Refused, match=r"b.csv: two vintages on one day: .* is 70 here and 71 in a.csv"):
        actions.load_series([clash])
    assert low() == [71]
    assert len(queries.datasets()) == 1


def test_a_file_of_many_publications_steps_aside_for_the_one_that_is_loaded(saved):
    one = HEAD + "E06000016,2020-06-21,cases_by_specimen_date,10,2020-06-29\n"
    actions.load_series([saved("one.csv", one)], source="archive")
    head = "published,area_code,specimen_date,new_cases\n"
    days = [("2020-06-28", 8), ("2020-06-29", 9), ("2020-06-30", 9), ("2020-07-03", 71)]
    many = head + "".join(f"{published},E06000016,2020-06-21,{n}\n" for published, n in days)
    many += "2020-06-30,E06000017,2020-06-21,1\n"  # without anything new a publication leaves no trace
    (loaded,) = actions.load_series([saved("many.csv", many)], source="archive")
    assert "(1, first E06000016 2020-06-21)" in loaded.outcomes["other_vintage"]
    read = [low(date(2020, *day)) for day in ((6, 28), (6, 29), (6, 30), (7, 3))]
    assert read == [[8], [10], [9], [71]]


def test_values_that_another_file_published_on_every_day_are_left_to_it(saved):
    head = "published,area_code,specimen_date,new_cases\n"
    days = ("2020-06-28", "2020-06-29")
    actions.load_series(
        [saved("a.csv", head + "".join(f"{d},E06000016,2020-06-21,{n}\n" for n, d in enumerate(days, 1)))],
        source="archive",
    )
    (loaded,) = actions.load_series(
        [saved("b.csv", head + "".join(f"{d},E06000016,2020-06-21,{n}\n" for n, d in enumerate(days, 5)))],
        source="archive",
    )
    assert list(loaded.outcomes) == ["other_vintage"]
    assert [low(date(2020, 6, 28)), low(date(2020, 6, 29))] == [[1], [2]]


def test_of_several_files_each_is_loaded_or_refused_by_itself(saved, capsys):
    good, bad = saved("a.csv", TWO_VINTAGES), saved("x.csv", "a,b\n1,2\n")
    code, out, err = command(capsys, f"series load {bad} {good}")
    assert code == EXIT_REFUSED
    assert "a.csv: a plain table of values; 2 values, 2 new" in out
    assert "x.csv: the headings a, b" in err


def test_a_suppressed_cell_is_read_as_an_interval(saved):
    actions.load_series([saved("msoa_2020-07-30.csv", "msoa11cd,wk_25\nE02000001,\nE02000002,0\n")])
    rows = queries.values("cases_in_week")
    assert [(row["place_code"], row["low"], row["high"]) for row in rows] == [
        ("E02000001", 0, 2),
        ("E02000002", 0, 0),
    ]


def test_areas_that_are_not_loaded_are_left_out_by_name(saved, monkeypatch):
    monkeypatch.setattr(queries, "place_codes", lambda: ["E06000016"])
    strange = TWO_VINTAGES + "E06000099,2020-06-21,cases_by_specimen_date,4,2020-06-29\n"
    (loaded,) = actions.load_series([saved("a.csv", strange)])
    assert list(loaded.outcomes) == ["unknown_area"]
    assert "(1, first E06000099 2020-06-21)" in loaded.outcomes["unknown_area"]
    assert loaded.rows == 2


def command(capsys: pytest.CaptureFixture[str], line: str) -> tuple[int, str, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["commonweal", *shlex.split(line)])
        code = run(commands)
    answer = capsys.readouterr()
    return code, answer.out, answer.err


def test_the_command_line_loads_shows_and_lists(saved, capsys):
    path = saved("a.csv", TWO_VINTAGES)
    code, out, _ = command(capsys, f"series load {path}")
    assert code == 0
    assert "a.csv: a plain table of values; 2 values, 2 new" in out
    assert "Open Government Licence" in out
    code, out, _ = command(capsys, f"series show {METRIC} E06000016 --as-of 2020-07-01")
    assert "2020-06-21  4  published 2020-06-29" in out
    assert "Source: plain_table." in out
    code, out, _ = command(capsys, f"series show {METRIC} E06000016 --json")
    assert json.loads(out)[0]["low"] == 71
    code, out, _ = command(capsys, "series list")
    assert "a.csv: a plain table of values, 2 values, published 2020-06-29 to 2020-07-03, source plain_table" in out


def test_a_users_mistake_is_one_sentence(saved, capsys):
    code, _, err = command(capsys, f"series load {saved('x.csv', 'a,b')}")
    assert code == EXIT_REFUSED
    assert err.startswith("commonweal: x.csv: the headings a, b belong to no known file of series")
    code, _, err = command(capsys, "series load nowhere.csv")
    assert (code, "Traceback" in err) == (EXIT_NOT_THERE, False)
    code, _, err = command(capsys, "series show cases_by_specimen_date E06000016")
    assert code == EXIT_NOT_THERE


def test_a_large_number_is_shown_to_its_last_digit(saved, capsys):
    rows = "E06000016,2020-06-20,waste_water,1234567.25,2020-06-29\n"
    actions.load_series([saved("a.csv", HEAD + rows)])
    code, out, _ = command(capsys, "series show waste_water E06000016")
    assert code == 0
    assert "2020-06-20  1234567.25  published 2020-06-29" in out


def test_more_people_than_live_in_a_place_are_left_out_by_name(saved):
    small = "lsoa11cd,msoa11cd,lad19cd,lad19nm,utla19cd,utla19nm,rgn19cd,rgn19nm,bng_e,bng_n,pop2020\n"
    place = "E01013500,E02002800,E06000016,Leicester,E06000016,Leicester,E12000004,E,450000,300000,1500\n"
    load_files([saved("lsoa11.csv", small + place)])
    rows = "".join(
        f"E06000016,{day},cases_by_specimen_date,{cases},2020-06-29\n"
        for day, cases in (("2020-06-21", 1501), ("2020-06-20", 7))
    )
    copies = "E06000016,2020-06-20,waste_water,1234567.25,2020-06-29\n"
    (loaded,) = actions.load_series([saved("a.csv", HEAD + rows + copies)])
    assert loaded.outcomes == {
        "above_residents": "more people than live in the place; the value is left out (1, first E06000016 2020-06-21)"
    }
    assert low() == [7]
    with pytest.raises(Refused, match="b.csv: no value is left to load: more people than live in the place"):
        actions.load_series([saved("b.csv", HEAD + rows.splitlines(keepends=True)[0])])
