"""Folders of published series that lack something or hold what is none: one sentence, never a fault."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from commonweal.cli.bench_detection import against, as_text, detection, refuse_gaps
from commonweal.cli.published_folder import Populations, read_authorities, read_counts, read_csv, read_triangle
from commonweal.core.errors import NotThere, Refused
from commonweal.core.signals.publications import Triangle

HEAD = "area_code,area_type,specimen_date,new_cases\n"


def saved(folder: Path, text: str | bytes, name: str = "cases.csv.gz") -> Path:
    path = folder / name
    data = text.encode() if isinstance(text, str) else text
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


@pytest.mark.parametrize("name", ["cases.csv", "cases.csv.gz"])
def test_counts_are_read_in_whatever_form_they_are_written(tmp_path: Path, name: str):
    text = '\ufeffNew_Cases,AREA_CODE,area_type,specimen_date\r\n"1,029.0",E06000016,ltla,14/06/2020\r\n\r\n'
    table = read_counts(saved(tmp_path, text, name))
    assert table.select("area_code", "new_cases").rows() == [("E06000016", 1029)]
    assert str(table["specimen_date"][0]) == "2020-06-14"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        (
            "area_code,specimen_date\nE06000016,2020-06-14\n",
            "lacks the column new_cases; it has area_code, specimen_date",
        ),
        (HEAD + "E06000016,ltla,2020-06-14,many\n", "row 2, column new_cases: 'many' is not a number"),
        (HEAD + "E06000016,ltla,2020-06-14,\n", "new_cases of E06000016 on 2020-06-14 is no whole number"),
        (HEAD + "E06000016,ltla,2020-06-14,1.5\n", "new_cases of E06000016 on 2020-06-14 is no whole number"),
        (HEAD + "E06000016,ltla,2020-06-14,-5\n", "new_cases of E06000016 on 2020-06-14 is -5, less than nobody"),
        (HEAD + "E06000016,ltla,June,1\n", "column specimen_date: 'June' is not a date"),
    ],
)
def test_what_is_no_table_of_counts_is_refused(tmp_path: Path, text: str, message: str):
    with pytest.raises(Refused, match=message):
        read_counts(saved(tmp_path, text))


FIRST, LAST = date(2020, 6, 14), date(2020, 6, 15)


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "E06000016,LTLA,2020-06-14,3\nE12000004,region,2020-06-14,9\nE06000016,ltla,2020-06-15,4\n",
        "area_code,specimen_date,new_cases\nE06000016,2020-06-15,4\nE06000016,2020-06-14,3\nE92000001,2020-06-14,9\n",
        HEAD + "E06000016,ltla,2020-06-14,3\nE06000016,ltla,2020-06-14,3.0\nE06000016,ltla,2020-06-15,4\n",
    ],
)
def test_authorities_are_told_from_regions_and_rows_that_say_the_same_are_one(tmp_path: Path, text: str):
    table = read_authorities(saved(tmp_path, text), FIRST, LAST).sort("specimen_date")
    assert table.select("area_code", "new_cases").rows() == [("E06000016", 3), ("E06000016", 4)]


def test_rows_of_one_day_that_differ_are_refused_in_any_order(tmp_path: Path):
    rows = ["E06000016,ltla,2020-06-14,3\n", "E06000016,ltla,2020-06-14,5\n", "E06000016,ltla,2020-06-15,4\n"]
    for order in (rows, rows[::-1]):
        with pytest.raises(Refused, match="new_cases of E06000016 on 2020-06-14 is both [35] and [35]"):
            read_authorities(saved(tmp_path, HEAD + "".join(order)), FIRST, LAST)


def test_cases_that_do_not_reach_over_what_is_scored_are_not_zeros(tmp_path: Path):
    path = saved(
        tmp_path, HEAD + "E06000016,ltla,2020-06-14,3\nE06000016,ltla,2020-06-15,4\nE12000004,region,2020-03-01,1\n"
    )
    for first, last in ((date(2020, 6, 13), LAST), (FIRST, date(2020, 6, 16))):
        with pytest.raises(NotThere, match=f"2020-06-14 to 2020-06-15; they must reach from {first} to {last}"):
            read_authorities(path, first, last)
    with pytest.raises(NotThere, match="has no authority"):
        read_authorities(saved(tmp_path, HEAD + "E12000004,region,2020-06-14,9\n"), FIRST, LAST)


OWN = {"first": FIRST, "last": LAST, "one_definition_from": date(2020, 6, 10), "learn_until": date(2020, 6, 16)}


@pytest.mark.parametrize(
    ("on", "message"),
    [
        ((4, 5, 6), "publications from 2020-06-05 to 2020-06-07; mornings from 2020-06-14 to 2020-06-15 are scored"),
        ((14, 15), "publications from 2020-06-15 to 2020-06-16"),
        ((8, 9, 11, 13, 16), "no publications on two days running between 2020-06-10 and 2020-06-16"),
    ],
)
def test_publications_that_end_early_or_teach_no_delay_are_refused(on: tuple[int, ...], message: str):
    source = Triangle(date(2020, 6, 1), ["E06000016"], list(on), np.ones((len(on), 1, on[-1] + 1), dtype=np.int64))
    with pytest.raises(NotThere, match=message):
        refuse_gaps(source, OWN, Path("t.csv"))


def test_publications_that_reach_are_taken_until_a_second_day_running_is_missing():
    taken, short = (
        Triangle(date(2020, 6, 1), ["E06000016"], on, np.ones((len(on), 1, 15), dtype=np.int64))
        for on in ([11, 12, 14], [11, 14])
    )
    refuse_gaps(taken, OWN, Path("t.csv"))
    with pytest.raises(NotThere, match="no publications on two days running"):
        refuse_gaps(short, OWN, Path("t.csv"))


def test_a_cut_file_and_a_missing_one_are_named(tmp_path: Path):
    cut = saved(tmp_path, gzip.compress(HEAD.encode())[:12], "cut.csv")
    with pytest.raises(Refused, match="cannot be unpacked"):
        read_csv(cut)
    with pytest.raises(NotThere, match="The folder needs the shape of the reference data"):
        read_csv(tmp_path / "nothing.csv")


def test_a_triangle_without_rows_has_no_publication(tmp_path: Path):
    saved(tmp_path, "published,area_code,specimen_date,new_cases\n", "t.csv")
    with pytest.raises(NotThere, match="has no publication"):
        read_triangle(tmp_path, {"file": "t.csv", "start": None})


def test_an_authority_of_which_nobody_was_counted_has_no_population(tmp_path: Path):
    saved(tmp_path, "lad19cd,utla19cd,pop2020\nE07000129,E10000018,1500\n", "small.csv")
    saved(tmp_path, "area_code,all_ages\nE06000016,\n", "people.csv")
    people = Populations.read(tmp_path, {"small_areas": "small.csv", "populations": "people.csv", "merged": {}})
    assert people.of(["E07000129", "E10000018"]).tolist() == [1500.0, 1500.0]
    with pytest.raises(NotThere, match="no population of E06000016"):
        people.of(["E06000016"])


def test_an_empty_folder_is_one_sentence(tmp_path: Path):
    with pytest.raises(NotThere, match="No such file or directory"):
        detection.main([str(tmp_path)], standalone_mode=False)


NUMBERS = {"false_flags_per_authority_year": 0.4, "found": 1.0, "in_time": 0.5, "lead_days": None}
GOALS = {"false_flags_per_authority_year": 0.75, "found": 0.97, "in_time": 0.8, "lead_days": -2.0}
LIMITS = {
    "false_flags_per_authority_year": [0.3, 0.5],
    "found": [0.2, 1.0],
    "in_time": [0.1, 0.7],
    "lead_days": [None] * 2,
}


def test_a_goal_says_whether_chance_could_have_had_it_otherwise():
    own = {"authorities": 20, "mornings": 31, "rises": 1, "authorities_with_rises": 1, "runs": 5, **NUMBERS}
    own |= {"interval_95": LIMITS, "curve": [], "misses": [], "events": []}
    found = {"rule_version": 2, "threshold": 0.1, "seeds": [1], "august": own}
    judged = against(found, "august", GOALS)
    assert [(each["reached"], each["sure"]) for each in judged.values()] == [
        (True, True), (True, False), (False, True), (False, False)
    ]  # fmt: skip
    text = as_text({**found, "goals": {"august": judged}})
    assert "31 mornings, 1 rise in 1 authority, each seen under 5 seeds" in text
    assert "lead_days                            none   (too few to tell an interval)" in text
    assert "goal   0.97  reached, not beyond chance" in text
    assert "goal   0.80  NOT reached\n" in text
    assert "goal  -2.00  cannot be told" in text
