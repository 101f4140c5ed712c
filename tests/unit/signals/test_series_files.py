"""Files of series, good and bad: what is read, what is refused and what is named."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import polars as pl
import pytest
import yaml

from commonweal.core.errors import Refused
from commonweal.core.formats.indicators.metrics import metrics_from
from commonweal.core.formats.indicators.recognise import read_series
from commonweal.core.formats.indicators.values import Reading
from commonweal.server import parameters

TODAY = date(2021, 1, 1)
METRICS = metrics_from([yaml.safe_load(parameters.text("indicators/covid-19.yaml"))])
V3 = "Area name,Area code,Area type,Specimen date,Daily lab-confirmed cases,Cumulative lab-confirmed cases\n"
TIDY = "place,date,metric,value,published_at,denominator\n"


def read(text: str, label: str = "cases_2020-08-17.csv", published: date | None = None) -> Reading:
    return read_series(text.encode(), label, METRICS, today=TODAY, published=published)


def found(reading: Reading) -> dict[str, int]:
    return {outcome.name: outcome.count for outcome in reading.outcomes}


def value(reading: Reading, place: str, day: date) -> tuple[float, float]:
    row = reading.frame.filter((pl.col("place") == place) & (pl.col("day") == day)).row(0, named=True)
    return row["low"], row["high"]


def test_a_dashboard_file_has_its_publication_day_from_its_name():
    reading = read(V3 + "Leicester,E06000016,utla,2020-08-14,2,10\nLeicester,E06000016,ltla,2020-08-14,2,10\n")
    assert reading.layout == "dashboard"
    assert reading.frame.rows() == [
        ("E06000016", date(2020, 8, 14), "cases_by_specimen_date", 2.0, 2.0, None, date(2020, 8, 17))
    ]


def test_without_a_day_of_publication_a_file_is_refused():
    with pytest.raises(Refused, match="day of publication is not stated.*--published"):
        read(V3 + "Leicester,E06000016,ltla,2020-08-14,2,10\n", "cases.csv")


def test_a_missing_day_is_named_and_stays_unknown():
    reading = read(V3 + "L,E06000016,ltla,2020-08-11,2,10\nL,E06000016,ltla,2020-08-14,3,13\n")
    assert found(reading) == {"missing_day": 2}
    assert "E06000016 before 2020-08-14" in reading.outcomes[0].sentence
    assert reading.frame.height == 2


def test_a_jump_in_the_running_total_is_named_and_the_days_count_kept():
    reading = read(V3 + "L,E06000016,ltla,2020-08-13,2,10\nL,E06000016,ltla,2020-08-14,3,90\n")
    assert found(reading) == {"cumulative_jump": 1}
    assert value(reading, "E06000016", date(2020, 8, 14)) == (3.0, 3.0)


def test_a_negative_correction_an_unknown_area_and_a_future_date_are_left_out_by_name():
    reading = read(
        V3 + "L,E06000016,ltla,2020-08-13,-2,10\nL,XX,ltla,2020-08-13,1,1\nL,E06000016,ltla,2020-08-18,3,13\n"
        "L,E06000016,ltla,2020-08-14,3,13\n"
    )
    assert found(reading) == {"negative_correction": 1, "unknown_area": 1, "future_date": 1}
    assert reading.frame.height == 1


def test_two_vintages_on_one_day_are_refused_with_place_and_day():
    with pytest.raises(Refused, match="two vintages on one day: .* of E06000016 on 2020-08-14 .* 2020-08-17"):
        read(V3 + "L,E06000016,utla,2020-08-14,2,10\nL,E06000016,ltla,2020-08-14,3,10\n")


def test_a_publication_in_the_future_is_refused():
    with pytest.raises(Refused, match="published on 2022-08-17, which is after today"):
        read(V3 + "L,E06000016,ltla,2020-08-14,2,10\n", "cases_2022-08-17.csv")


def test_a_word_in_place_of_a_number_is_refused_with_its_row():
    with pytest.raises(Refused, match="row 2, column Daily lab-confirmed cases: 'many' is not a number"):
        read(V3 + "L,E06000016,ltla,2020-08-14,many,10\n")


def test_an_unknown_table_says_which_are_known():
    with pytest.raises(Refused, match="belong to no known file of series.*area_code, specimen_date, new_cases"):
        read("a,b\n1,2\n")


def test_what_is_no_gzip_is_refused_in_one_sentence():
    with pytest.raises(Refused, match="not a table of comma-separated values"):
        read_series(gzip.compress(b"a,b\n")[:10], "x.csv.gz", METRICS, today=TODAY)


def test_the_interface_takes_metrics_in_any_order_and_refuses_an_undefined_one():
    head = "date,newAdmissions,areaCode,areaName,areaType,newCasesBySpecimenDate,cumCasesBySpecimenDate\n"
    reading = read(head + "2020-08-14,1,E06000016,Leicester,ltla,4,10\n")
    assert dict(reading.frame.select("metric", "low").rows()) == {"admissions": 1.0, "cases_by_specimen_date": 4.0}
    with pytest.raises(Refused, match="'newThings' is not defined"):
        read("date,areaCode,areaName,areaType,newThings\n2020-08-14,E06000016,L,ltla,4\n")


def test_a_suppressed_cell_is_an_interval_in_each_of_its_forms():
    weekly = read("msoa11cd,wk_05,wk_06\nE02000001,,5\nE02000002,-99,7\nxxxxxxxxx,1,1\n", "msoa_2020-07-30.csv")
    assert value(weekly, "E02000001", date(2020, 2, 2)) == (0.0, 2.0)
    assert value(weekly, "E02000002", date(2020, 2, 2)) == (0.0, 2.0)
    assert value(weekly, "E02000001", date(2020, 2, 9)) == (5.0, 5.0)
    assert weekly.frame.height == 4
    wide = read("specimen_date,E02000001,E02000002\n2020-10-06,S,\n2020-10-07,9,4\n", "rolling.csv")
    assert value(wide, "E02000001", date(2020, 10, 6)) == (0.0, 2.0)
    assert wide.frame.height == 3  # an empty cell was never collected
    api = read("areaCode,areaName,date,newCasesBySpecimenDateRollingSum\nE02000001,A,2020-08-11,\n")
    assert value(api, "E02000001", date(2020, 8, 11)) == (0.0, 2.0)


def test_a_triangle_keeps_what_each_publication_newly_says_and_fills_zeros():
    reading = read(
        "published,area_code,specimen_date,new_cases\n"
        "2020-07-02,E06000016,2020-07-01,1\n2020-07-03,E06000016,2020-07-01,4\n2020-07-03,E06000017,2020-07-02,2\n"
        "2020-07-04,E06000016,2020-07-01,4\n2020-07-04,E06000017,2020-07-02,2\n"
    )
    rows = sorted(reading.frame.select("place", "day", "published", "low").rows())
    d = lambda n: date(2020, 7, n)  # noqa: E731
    assert rows == [
        ("E06000016", d(1), d(2), 1.0), ("E06000016", d(1), d(3), 4.0), ("E06000016", d(2), d(3), 0.0),
        ("E06000017", d(1), d(2), 0.0), ("E06000017", d(2), d(3), 2.0),
    ]  # fmt: skip


def test_a_tidy_file_brings_any_defined_metric_with_its_denominator():
    reading = read(TIDY + "E06000016,2020-09-14,school_absence,7.5,2020-09-15T09:00:00Z,51000\n")
    assert reading.frame.row(0) == (
        "E06000016", date(2020, 9, 14), "school_absence", 7.5, 7.5, 51000.0, date(2020, 9, 15)
    )  # fmt: skip
    with pytest.raises(Refused, match="'moods' is not defined .*parameters/indicators"):
        read(TIDY + "E06000016,2020-09-14,moods,1,2020-09-15,\n")
    with pytest.raises(Refused, match="a count is a whole number"):
        read(TIDY + "E06000016,2020-09-14,admissions,1.5,2020-09-15,\n")


def test_a_metric_needs_its_unit():
    with pytest.raises(Refused, match="'x' lacks label, .*unit"):
        metrics_from([{"metrics": [{"id": "x", "kind": "count", "window_days": 1, "source": "s", "names": []}]}])


@pytest.mark.parametrize(
    ("folder", "name", "layout", "rows"),
    [
        ("dashboard_csv_samples", "coronavirus-cases_published_2020-05-16_v1.csv.gz", "dashboard", 329),
        ("dashboard_csv_samples", "coronavirus-cases_latest_2020-05-31_v2.csv.gz", "dashboard", 817),
        ("dashboard_csv_samples", "coronavirus-cases_latest_2020-08-17_v3.csv.gz", "dashboard", 1968),
        ("msoa_weekly_cases_2020", "msoa_weekly_wk05_wk28_published_2020-07-30.csv.gz", "msoa_weekly", 5379 * 24),
    ],
)
def test_published_files_are_read(shared: Path, folder: str, name: str, layout: str, rows: int):
    data = (shared / "data" / folder / name).read_bytes()
    reading = read_series(data, name, METRICS, today=TODAY)
    assert (reading.layout, reading.frame.height) == (layout, rows)


@pytest.mark.parametrize("heading", ["msoa11_cd", "msoa11cd", "MSOA21CD"])
def test_weekly_tables_have_the_areas_of_either_census(heading: str):
    reading = read(f"{heading},wk_05,wk_06\nE02006878,4,5\n", "msoa_2020-07-30.csv")
    assert value(reading, "E02006878", date(2020, 2, 9)) == (5, 5)
