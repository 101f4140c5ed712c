"""Folders of published series that lack something or hold what is none: one sentence, never a fault."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from commonweal.cli.bench_detection import detection
from commonweal.cli.published_folder import Populations, read_counts, read_csv, read_triangle
from commonweal.core.errors import NotThere, Refused

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
        (HEAD + "E06000016,ltla,June,1\n", "column specimen_date: 'June' is not a date"),
    ],
)
def test_what_is_no_table_of_counts_is_refused(tmp_path: Path, text: str, message: str):
    with pytest.raises(Refused, match=message):
        read_counts(saved(tmp_path, text))


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
