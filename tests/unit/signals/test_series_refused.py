"""Files with a fault: refused with row, value, rule and next step, or left out by name; never half, never invented."""

from __future__ import annotations

import json
from datetime import date

import pytest
import yaml

from commonweal.core.errors import Refused
from commonweal.core.formats.indicators.metrics import metrics_from
from commonweal.core.formats.indicators.recognise import read_series
from commonweal.core.formats.indicators.values import Reading
from commonweal.server import parameters

TODAY = date(2021, 6, 1)
METRICS = metrics_from([yaml.safe_load(parameters.text("indicators/covid-19.yaml"))])
TRIANGLE = "published,area_code,specimen_date,new_cases\n"
RECORD = {"areaCode": "E08000035", "areaName": "Leeds", "date": "2021-03-01", "newCasesBySpecimenDate": 3}


def read(text: str, label: str = "cases_2021-03-10.csv") -> Reading:
    return read_series(text.encode(), label, METRICS, today=TODAY)


def values(reading: Reading) -> list[tuple[str, str, float, float, str]]:
    columns = reading.frame.sort("published", "day", "place").select("place", "day", "low", "high", "published")
    return [(place, str(day), low, high, str(published)) for place, day, low, high, published in columns.rows()]


def outcomes(reading: Reading) -> dict[str, int]:
    return {each.name: each.count for each in reading.outcomes}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "areaCode,areaName,date,newCasesBySpecimenDateRollingSum\nE02002330,A,2021-03-01,4\nE02002331,B,2021-03-01\n",
            "row 3 has 3 cells and the heading 4; it ends with '2021-03-01'",
        ),
        ("msoa11_cd,wk_05,wk_06\n\nE02002330,3,4\nE02002331,4\n", "row 4 has 2 cells and the heading 3"),
        ('\nspecimen_date,E02002330,E02002331\n2021-03-01,"1,004",S\n2021-03-02,4\n', "row 4 has 2 cells"),
    ],
)
def test_a_row_that_was_cut_off_is_refused_and_not_taken_for_suppressed(text, message):
    with pytest.raises(Refused, match=message):
        read(text)


def test_rows_of_nothing_are_none_however_short():
    reading = read("msoa11_cd,wk_05,wk_06\n\nE02002330,3,4\n,\n  \n")
    assert [value[2] for value in values(reading)] == [3, 4]


def test_an_empty_cell_of_a_triangle_is_no_zero():
    reading = read(TRIANGLE + "2021-03-05,E08000035,2021-03-01,3\n2021-03-05,E08000036,2021-03-01,\n")
    assert values(reading) == [("E08000035", "2021-03-01", 3, 3, "2021-03-05")]
    assert outcomes(reading) == {"no_value": 1}


def test_a_day_to_come_stretches_no_publication_of_a_triangle():
    rows = "2021-03-05,E08000035,2021-03-01,3\n2021-03-05,E08000035,2021-03-09,4\n2021-03-06,E08000035,2021-03-02,1\n"
    reading = read(TRIANGLE + rows)
    # the first publication reached to 1 March, the second to the 2nd, where 1 March is 0 again
    assert values(reading) == [
        ("E08000035", "2021-03-01", 3, 3, "2021-03-05"),
        ("E08000035", "2021-03-01", 0, 0, "2021-03-06"),
        ("E08000035", "2021-03-02", 1, 1, "2021-03-06"),
    ]
    assert outcomes(reading) == {"future_date": 1}


def test_a_triangle_of_which_nothing_is_usable_is_refused():
    with pytest.raises(Refused, match="no value is left to load"):
        read(TRIANGLE + "2021-03-05,E08000035,2021-03-09,4\n")


@pytest.mark.parametrize(
    ("day", "message"),
    [("1021-03-01", "row 3, column specimen_date: '1021-03-01' is not a date"),
     ("1921-03-01", r"row 3, column specimen_date: 1921-03-01 lies 36,5\d\d days before the first publication")],
)  # fmt: skip
def test_one_day_of_another_century_does_not_become_thousands_of_zeros(day, message):
    with pytest.raises(Refused, match=message):
        read(TRIANGLE + f"2021-03-05,E08000035,2021-03-01,3\n2021-03-05,E08000035,{day},1\n")


def test_two_vintages_are_told_with_both_values():
    rows = "place,date,metric,value\nE08000035,2021-03-01,waste_water,3.5\nE08000035,2021-03-01,waste_water,4\n"
    with pytest.raises(Refused, match=r"different values \(3.5 and 4\)"):
        read(rows)


def test_a_metric_that_nobody_defined_is_told_with_file_and_row():
    with pytest.raises(Refused, match="cases_2021-03-10.csv, row 2, column metric: The metric 'smell' is not defined"):
        read("place,date,metric,value\nE08000035,2021-03-01,smell,3\n")


def test_a_marked_cell_of_the_interface_is_an_interval():
    reading = read("areaCode,date,newCasesBySpecimenDateRollingSum\nE02002330,2021-03-01,S\nE02002331,2021-03-01,c\n")
    assert [value[2:4] for value in values(reading)] == [(0, 2), (0, 2)]


@pytest.mark.parametrize("shape", [lambda records: {"length": 2, "body": records},
                                   lambda records: {"data": records, "pagination": {"next": None}},
                                   lambda records: records])  # fmt: skip
def test_the_interface_answers_in_json_and_says_the_same_as_its_csv(shape):
    records = [RECORD, RECORD | {"date": "2021-03-02", "newCasesBySpecimenDate": 4.0, "cumCasesBySpecimenDate": None}]
    table = "areaCode,areaName,date,newCasesBySpecimenDate\nE08000035,L,2021-03-01,3\nE08000035,L,2021-03-02,4\n"
    assert values(read(json.dumps(shape(records)), "page_2021-03-10.json")) == values(read(table))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (json.dumps({"body": [RECORD]})[:-9], "no whole JSON: .* in line 1"),
        (json.dumps({"detail": "Not found"}), r"no list of records.*\(it has detail\)"),
        (json.dumps({"body": []}), "its list of records is empty"),
        (json.dumps([RECORD, 7]), "record 2: '7' is no record"),
        (json.dumps([RECORD, RECORD | {"newCasesBySpecimenDate": "three"}]), "row 2, .*'three' is not a number"),
        (json.dumps([RECORD | {"newCasesBySpecimenDate": [3]}]), "is not a number"),
        ('[{"areaCode": "E08000035", "areaCode": "E08000036"}]', "'areaCode' stands twice in one record"),
        ("[" * 100_000, "JSON"),
    ],
)  # fmt: skip
def test_json_that_is_none_or_no_list_of_records_is_refused_by_its_reason(text, message):
    with pytest.raises(Refused, match=message):
        read(text, "page_2021-03-10.json")
