"""Files as offices send them: one table, however it is written down; and what is no table, refused by its reason."""

from __future__ import annotations

import gzip
import io
import zipfile
from datetime import date

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from commonweal.core.errors import Refused
from commonweal.core.formats.indicators.metrics import metrics_from
from commonweal.core.formats.indicators.recognise import read_series
from commonweal.core.formats.indicators.values import Reading
from commonweal.server import parameters

TODAY = date(2021, 6, 1)
METRICS = metrics_from([yaml.safe_load(parameters.text("indicators/covid-19.yaml"))])
LABEL = "cases_2020-08-17.csv"
ROWS = [
    {
        "Area name": "Châlonne",
        "Area code": "E06000016",
        "Specimen date": "2020-08-13",
        "Daily lab-confirmed cases": "2",
    },
    {
        "Area name": "Other",
        "Area code": "E06000017",
        "Specimen date": "2020-08-03",
        "Daily lab-confirmed cases": "1234",
    },
]
HEAD = ",".join(ROWS[0]) + "\n"
ONE = HEAD + "L,E06000016,2020-08-13,2\n"


def read(data: bytes | str, label: str = LABEL) -> Reading:
    return read_series(data.encode() if isinstance(data, str) else data, label, METRICS, today=TODAY)


def zipped(*members: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in members:
            archive.writestr(name, ONE)
    return target.getvalue()


def british(day: str) -> str:
    return "/".join(reversed(day.split("-")))


@given(
    order=st.permutations(list(ROWS[0])),
    case=st.sampled_from([str, str.upper, str.lower]),
    coding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"]),
    separator=st.sampled_from([",", "\t"]),
    ends=st.sampled_from(["\n", "\r\n"]),
    day=st.sampled_from([str, british, lambda text: text + "T00:00:00Z"]),
    thousands=st.booleans(),
    blank=st.sampled_from(["", "\n\n", ",,,\n"]),
    twice=st.booleans(),
    pack=st.sampled_from(["no", "gzip", "zip"]),
)
def test_however_it_is_written_it_is_the_same_table(
    order, case, coding, separator, ends, day, thousands, blank, twice, pack
):
    lines = [separator.join(case(name) for name in order)]
    for row in ROWS * (2 if twice else 1):
        cells = row | {"Specimen date": day(row["Specimen date"])}
        if thousands and len(cells["Daily lab-confirmed cases"]) > 3:
            cells["Daily lab-confirmed cases"] = '"1,234"'
        lines.append(separator.join(cells[name] for name in order))
    text = "\n".join(lines) + "\n" + blank.replace(",", separator)
    data = text.replace("\n", ends).encode(coding)
    if pack == "gzip":
        data = gzip.compress(data)
    if pack == "zip":
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            archive.writestr("inner.csv", data)
        data = target.getvalue()
    reading = read(data)
    assert reading.outcomes == ()
    assert [row[:5] for row in reading.frame.rows()] == [
        ("E06000016", date(2020, 8, 13), "cases_by_specimen_date", 2.0, 2.0),
        ("E06000017", date(2020, 8, 3), "cases_by_specimen_date", 1234.0, 1234.0),
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "the file is empty"),
        ("\n \n", "the file is empty"),
        (HEAD, "no value is left to load"),
        (bytes(range(256)), "it is not text"),
        (ONE.replace(",", ";"), "separated by semicolons"),
        (HEAD.replace("Area name", "Area code") + "1,2,3,4\n", "the heading 'Area code' stands twice"),
        (ONE + "L,E06000016,2020-08-14,2,9\n", "row 3 has 5 cells and the heading 4"),
        (ONE + '"L,E06000016,2020-08-14,2\n', "a quotation mark is opened and not closed"),
        (ONE + "\nL,E06000016\n", "row 4 has 2 cells and the heading 4; it ends with 'E06000016'"),
        (ONE + "L,E06000016,31/02/2020,2\n", "row 3, column Specimen date: '31/02/2020' is not a date"),
        (ONE + "L,E06000016,2020-08-14 noon,2\n", "'2020-08-14 noon' is not a date"),
        (ONE + "L,E06000016,2020-08-14,nan\n", "'nan' is not a number"),
        (ONE + "L,E06000016,2020-08-14,1e999\n", "'1e999' is not a number"),
        (ONE + 'L,E06000016,2020-08-14,"1,23"\n', "'1,23' is not a number"),
        (zipped("a.csv", "b.csv"), r"this has 2 \(a.csv, b.csv\)"),
        (zipped(), r"this has 0 \(none\)"),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), "a workbook of a spreadsheet program"),
        (zipped("a.csv")[:50], "it is packed and cannot be unpacked"),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else None,  # a zip says when it was made: no name for a test
)
def test_what_is_no_table_is_refused_by_its_reason(data, message):
    with pytest.raises(Refused, match=message):
        read(data)


@pytest.mark.parametrize(
    "name", ["x_20200817.csv", "data_2020-Aug-17.csv", "2020_08_17.csv.gz", "a-2019-01-01-2020-08-17.csv"]
)
def test_the_day_of_publication_is_read_from_the_names_that_publishers_give(name):
    assert read(ONE, name).frame["published"].unique().to_list() == [date(2020, 8, 17)]


def test_columns_of_the_interface_that_are_no_metric_are_left_out_by_name():
    head = "areaCode,areaName,areaType,date,newCasesBySpecimenDate,newDeaths28DaysByDeathDate,newCasesBySpecimenDateRollingRate\n"
    reading = read(head + "E06000016,L,ltla,2020-08-14,4,1,20.5\n")
    assert reading.frame.height == 1
    assert [(each.name, each.example) for each in reading.outcomes] == [
        ("undefined_metric", "newDeaths28DaysByDeathDate")
    ]
    with pytest.raises(Refused, match="only the running total cumAdmissions"):
        read("areaCode,areaName,areaType,date,cumAdmissions\nE06000016,L,ltla,2020-08-14,4\n")


def test_a_metric_that_is_only_a_document_is_read_in_each_layout():
    document = {
        "metrics": [{"id": "calls", "label": "Calls to 111", "kind": "count", "unit": "calls", "window_days": 1,
                     "denominator": "residents", "source": "NHS", "names": ["newCalls"], "detect": "own_past"}]
    }  # fmt: skip
    known = metrics_from([document])
    tidy = b"place,date,metric,value\nE06000016,14/08/2020,calls,7\n"
    api = b"areaCode,areaName,date,newCalls\nE06000016,L,2020-08-14,7\n"
    for data in (tidy, api):
        reading = read_series(data, LABEL, known, today=TODAY)
        assert reading.frame.row(0)[:4] == ("E06000016", date(2020, 8, 14), "calls", 7.0)
    with pytest.raises(Refused, match="has no list of metrics"):
        metrics_from([{"version": 1}])


def test_weeks_belong_to_the_year_before_the_publication():
    table = "wk_01,wk_52,WK_53,MSOA11CD,wk_02\n5,3,4,E02000001,\n9,9,9,xxxxxxxxx,\n"
    reading = read(table, "msoa_2021-01-12.csv")
    assert reading.frame.sort("day").select("day", "low").rows() == [
        (date(2020, 12, 27), 3.0),
        (date(2021, 1, 3), 4.0),
        (date(2021, 1, 10), 5.0),
    ]  # fmt: skip  (week 2 had not ended)
    assert [(each.name, each.count) for each in reading.outcomes] == [("unknown_area", 3)]


def test_a_whole_year_of_weeks_is_one_year():
    weeks = [f"wk_{number:02}" for number in range(1, 54)]
    reading = read(f"msoa11cd,{','.join(weeks)}\nE02000001,{','.join(['3'] * 53)}\n", "msoa_2021-03-15.csv")
    assert reading.frame["day"].min() == date(2020, 1, 5)
    assert reading.frame["day"].max() == date(2021, 1, 3)


def test_values_that_their_kind_rules_out_are_left_out_by_name():
    head = "place,date,metric,value,denominator\n"
    text = (
        head + "E06000016,2020-08-01,school_absence,105,10\nE06000016,2020-08-01,waste_water,-5,\n"
        "e06000016,2020-08-01,mobility_workplaces,-45,\nE06000016,2020-08-02,school_absence,5,-10\n"
    )
    reading = read(text)
    assert {each.name: each.count for each in reading.outcomes} == {"out_of_range": 2, "bad_denominator": 1}
    kept = sorted(reading.frame.select("place", "metric", "low", "denominator").rows())
    assert kept == [
        ("E06000016", "mobility_workplaces", -45.0, None), ("E06000016", "school_absence", 5.0, None)
    ]  # fmt: skip
