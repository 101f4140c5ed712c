"""Registers of settings: care homes as the regulator lists them, and a table of settings of any kind."""

from __future__ import annotations

from datetime import date

import pytest

from commonweal.core.errors import Refused
from commonweal.core.formats.ons.tables import AreaTables

from .build import csv_bytes, opened

DIRECTORY = [
    "Name", "Also known as", "Address", "Postcode", "Phone number", "Service's website (if available)", "Service types",
    "Date of latest check", "Specialisms/services", "Provider name", "Local Authority", "Region", "Location URL",
    "CQC Location (for office use only", "CQC Provider ID (for office use only)",
]  # fmt: skip
LOCATIONS = [
    "Location ID", "Location HSCA start date", "Dormant (Y/N)", "Care home?", "Location Name", "Care homes beds",
    "Location Postal Code",
]  # fmt: skip
TABLE = ["setting_id", "kind", "name", "postcode", "beds", "opened", "closed"]


def entry(name: str, services: str, number: str, postcode: str = "LE1 1AA") -> list[str]:
    row = dict.fromkeys(DIRECTORY, "")
    row |= {"Name": name, "Service types": services, "CQC Location (for office use only": number, "Postcode": postcode}
    return list(row.values())


def read(header: list[str], rows: list[list[str]], name: str = "register.csv", preamble: int = 0) -> AreaTables:
    lines = [["CQC directory"], *[[""]] * (preamble - 1)] if preamble else []
    return opened(csv_bytes(header, rows, lines), name).tables()


def test_the_directory_of_2020_gives_its_care_homes_and_counts_what_it_leaves_out() -> None:
    rows = [
        entry("Rose Court", "Nursing homes|Residential homes", "1-101", "le4 6aa"),
        entry("Bright Smiles", "Dentist", "1-102"),
        entry("The Elms", "Residential homes", "1-103", ""),
    ]
    found = read(DIRECTORY, rows, preamble=4)
    assert found.settings.select("setting_id", "kind", "name", "postcode", "services").rows() == [
        ("1-101", "care_home", "Rose Court", "LE46AA", "Nursing homes|Residential homes"),
        ("1-103", "care_home", "The Elms", None, "Residential homes"),
    ]
    assert (found.rows, found.left_out) == (3, 1)


def test_the_sheet_of_active_locations_has_beds_and_leaves_out_dormant_ones() -> None:
    rows = [
        ["1-1", "01/10/2010", "N", "Y", "Rose Court", "42", "LE1 1AA"],
        ["1-2", "01/10/2010", "Y", "Y", "Asleep House", "10", "LE1 1AA"],
        ["1-3", "01/10/2010", "N", "N", "City Clinic", "", "LE1 1AA"],
    ]
    found = read(LOCATIONS, rows)
    assert found.settings.select("setting_id", "beds", "opened").rows() == [("1-1", 42, date(2010, 10, 1))]
    assert found.left_out == 2


def test_a_table_without_identifiers_names_homes_by_name_and_postcode_and_joins_double_entries() -> None:
    rows = [
        ["Heartly Green", "Residential homes", "M44 6JX"],
        ["The Grange", "Residential homes", "SK5 7HZ"],
        ["Heartly Green", "Nursing homes|Hospice", "M44 6JX"],
    ]
    found = read(["name", "service_types", "postcode"], rows)
    assert found.settings.select("setting_id", "services").rows() == [
        ("heartly-green-m446jx", "Residential homes|Nursing homes|Hospice"),
        ("the-grange-sk57hz", "Residential homes"),
    ]


def test_a_table_of_settings_of_any_kind() -> None:
    rows = [
        ["s-1", "School", "Belgrave Primary", "LE4 6AD", "410", "", ""],
        ["w-1", "place of work", "", "", "", "", ""],
    ]
    with pytest.raises(Refused, match=r"row 3, column name: '' is not a name"):
        read(TABLE, rows)
    rows[1] = ["t-1", "Test site", "Bede Park", "LE3 0LA", "", "2020-05-22", "2020-07-31"]
    found = read(TABLE, rows).settings
    assert found.select("setting_id", "kind", "beds", "closed").rows() == [
        ("s-1", "school", 410, None),
        ("t-1", "test_site", None, date(2020, 7, 31)),
    ]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"kind": "factory"}, r"row 2, column kind: 'factory' is not one of care_home, school, workplace"),
        ({"postcode": "LE1"}, r"row 2, column postcode: 'LE1' is not a postcode"),
        ({"beds": "4.5"}, r"row 2, column beds: '4.5' is not a number of beds"),
        ({"beds": "many"}, r"column beds: 'many' is not a number of beds"),
        ({"opened": "2020-02-30"}, r"row 2, column opened: '2020-02-30' is not a day"),
        ({"setting_id": " "}, r"row 2, column setting_id: '' is not an identifier"),
    ],
)
def test_a_wrong_value_refuses_the_file_by_row_column_and_value(change: dict[str, str], sentence: str) -> None:
    row = dict(zip(TABLE, ["c-1", "care_home", "Rose Court", "LE1 1AA", "12", "2010-01-01", ""], strict=True)) | change
    with pytest.raises(Refused, match=sentence):
        read(TABLE, [list(row.values())])


def test_a_setting_that_stands_twice_refuses_the_file() -> None:
    row = ["c-1", "care_home", "Rose Court", "LE1 1AA", "12", "", ""]
    with pytest.raises(Refused, match=r"rows 2 and 3, column setting_id: 'c-1, care_home' stands twice"):
        read(TABLE, [row, row])
