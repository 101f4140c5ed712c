"""What was not taken is written so that it can be mended: every byte as it came, the note where intake leaves it out."""

from __future__ import annotations

import csv
import io
import json

from hypothesis import given
from hypothesis import strategies as st

from commonweal.core.intake.mending import NOTE, HeldRow, as_csv, one_record, values_of

TEXT = st.text(st.characters(exclude_characters="\x00\x1f\r", exclude_categories=["Cs"]), max_size=12)


def line(cells: list[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue().encode().removesuffix(b"\n")


@given(st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=5), TEXT)
def test_columns_come_back_as_they_were_sent_after_the_note(rows: list[tuple[str, str, str]], note: str) -> None:
    held = [HeldRow(number, line(list(row)), note) for number, row in enumerate(rows, 1)]
    written = list(csv.reader(io.StringIO(as_csv(held, ["record_id", "", "postcode"]).decode(), newline="")))
    assert written[0] == [NOTE, "record_id", "left_out_2", "postcode"]
    assert written[1:] == [[note, *row] for row in rows]


def test_a_line_with_too_many_values_stands_as_it_came_and_gives_no_values() -> None:
    row = HeldRow(3, b"A,B,C,D", "It has more or fewer fields than the header.")
    assert as_csv([row], ["record_id", "postcode"]).endswith(b"fields than the header.,A,B,C,D\n")
    assert values_of(row, ["record_id", "postcode"]) == {}


def test_records_sent_as_json_become_columns() -> None:
    raw = json.dumps({"record_id": "A1", "symptomatic": True, "age_years": 39, "sex": None}).encode()
    rows = [HeldRow(1, raw, "why"), HeldRow(2, b"[1]", "It is no object with field names.")]
    written = list(csv.reader(io.StringIO(as_csv(rows, None).decode())))
    assert written[0] == [NOTE, "record_id", "symptomatic", "age_years"]
    assert written[1] == ["why", "A1", "true", "39"]
    assert written[2][1:] == ["", "", ""]


@given(st.dictionaries(st.sampled_from(["record_id", "postcode", "full_name"]), TEXT.filter(str.strip), min_size=1))
def test_one_record_is_read_as_it_was_written(values: dict[str, str]) -> None:
    header, *rows = csv.reader(io.StringIO(one_record(values).decode(), newline=""))
    assert [dict(zip(header, row, strict=True)) for row in rows] == [values]
