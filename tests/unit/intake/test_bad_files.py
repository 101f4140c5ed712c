"""Files that cannot be read: each is refused whole with a sentence that names what is wrong and what to do."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable

import pytest

from commonweal.core.errors import Refused
from commonweal.core.intake.reading import LineListReader
from commonweal.core.intake.schema import LineList

HEADER = (
    "record_id,person_id,age_years,sex,postcode,postcode_source,pillar,test_route,test_type,result,specimen_date,"
    "reported_at,revision"
)
ROW = "T1,P1,39,female,LE1 1AA,given_at_test,pillar2,home_kit,pcr,negative,2020-06-26,2020-06-27,1"
GOOD = f"{HEADER}\n{ROW}\n".encode()


def read(text: bytes, line_list: LineList, **options: object) -> LineListReader:
    reader = LineListReader([text[start : start + 7] for start in range(0, len(text), 7)], line_list, **options)  # type: ignore[arg-type]
    reader_rows(reader)
    return reader


def reader_rows(reader: LineListReader) -> list[tuple[int, str]]:
    """Line and record_id (or reason) of every record."""
    found = []
    for chunk in reader.chunks():
        found += list(zip(chunk.line.tolist(), chunk.frame["record_id"].to_list(), strict=True))
        found += [(bad.line, bad.reason) for bad in chunk.malformed]
    return sorted(found)


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("results.csv", GOOD)
    return out.getvalue()


BAD = {
    "empty file": (b"", "the file is empty"),
    "only blank lines": (b"\n\r\n\n", "the file is empty"),
    "empty gzip": (gzip.compress(b""), "the file is empty"),
    "half a gzip": (gzip.compress(GOOD * 9)[:-20], "ends in the middle.*Send the whole file again"),
    "a gzip cut to its first bytes": (gzip.compress(GOOD)[:4], "ends in the middle"),
    "a damaged gzip": (
        gzip.compress(GOOD)[:30] + b"\xff\xff\xff\xff" + gzip.compress(GOOD)[34:],
        "The gzip is damaged",
    ),
    "something after a gzip": (gzip.compress(GOOD) + b"and more", "followed by what is no gzip"),
    "UTF-16 with a mark": (GOOD.decode().encode("utf-16"), "UTF-16.*save it as UTF-8"),
    "UTF-16 without a mark": (GOOD.decode().encode("utf-16-le"), "UTF-16 text without a mark"),
    "Latin-1": (GOOD.replace(b"T1", "Zoë".encode("latin-1")), r"Byte \d+ \(line 2\) is 0xEB.*Latin-1"),
    "Windows-1252": (GOOD.replace(b"T1", "A–B".encode("cp1252")), r"is 0x96.*probably Windows-1252"),
    "JSON": (b'[\n {"record_id": "T1"}]', "This is JSON.*post it with Content-Type: application/json"),
    "one JSON object": (b' {"record_id": "T1"}', "This is JSON"),
    "a gzip within a gzip": (gzip.compress(gzip.compress(GOOD)), "a gzip within a gzip.*unpack it once"),
    "a web page": (b"<!doctype html><title>Sign in</title>", "a web page or XML"),
    "a title above the names": (b"Results of our laboratory\n\n" + GOOD, "without a title above it"),
    "a spreadsheet's line about commas": (b"sep=,\n" + GOOD, "without a title above it"),
    "an Excel workbook": (zipped(), "a zip archive or an Excel workbook"),
    "a PDF": (b"%PDF-1.4 and so on", "This is a PDF"),
    "semicolons": (GOOD.replace(b",", b";"), "separated by semicolons: save the file with commas"),
    "tabs": (GOOD.replace(b",", b"\t"), "separated by tabs"),
    "carriage returns only": (GOOD.replace(b"\n", b"\r"), "carriage return only"),
    "missing columns": (GOOD.replace(b",result,", b",outcome,"), "The header lacks result; nothing was taken"),
    "no person and no NHS number": (GOOD.replace(b"person_id", b"patient"), "lacks person_id or nhs_number"),
    "duplicate header": (GOOD.replace(b",sex,", b",result,"), "repeats column 4, 'result'"),
    "duplicate header but for its case": (
        GOOD.replace(b",sex,", b",Result,"),
        "Column 10 of the header, 'result', repeats",
    ),
    "a header whose quote does not close": (b'"' + GOOD, "quote that does not close"),
}


@pytest.mark.parametrize("name", BAD)
def test_refused_whole(name: str, line_list: LineList) -> None:
    text, sentence = BAD[name]
    with pytest.raises(Refused, match=f"(?is){sentence}"):
        read(text, line_list)


def test_a_line_without_end_is_refused_before_it_fills_the_memory(line_list: LineList) -> None:
    endless = (b"x" * 1000 for _ in range(10**9))
    with pytest.raises(Refused, match="Line 1 is longer than 400 bytes"):
        LineListReader(endless, line_list, chunk_bytes=50, longest_record=100)


def test_header_only_is_a_file_of_nothing(line_list: LineList) -> None:
    assert reader_rows(LineListReader([HEADER.encode()], line_list)) == []


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbf" + GOOD,
        GOOD.replace(b"\n", b"\r\n"),
        GOOD.removesuffix(b"\n"),
        b"\n" + GOOD.replace(b"record_id", b" Record_ID "),
        gzip.compress(GOOD[:40]) + gzip.compress(GOOD[40:]),
    ],
    ids=["BOM", "CRLF", "no line end at the end", "blank line, case and spaces in the header", "two gzip members"],
)
def test_read_as_it_is_meant(text: bytes, line_list: LineList) -> None:
    reader = LineListReader([text], line_list)
    chunk = next(reader.chunks())
    assert chunk.frame.row(0, named=True)["record_id"] == "T1"
    assert chunk.frame["revision"].to_list() == ["1"]
    assert chunk.raw(0) == ROW.encode()


def test_extra_columns_are_named_and_kept_in_what_was_received(line_list: LineList) -> None:
    text = f"{HEADER},colour,\n{ROW},blue,\n".encode()
    reader = LineListReader([text], line_list)
    assert reader.header.unknown == ("colour", "")
    assert b",blue," in next(reader.chunks()).raw(0)
    assert "nhs_number" in reader.header.absent


def test_a_feeds_own_column_names(line_list: LineList) -> None:
    text = GOOD.replace(b"result,", b"Test Outcome,")
    reader = LineListReader([text], line_list, mapping={"test outcome": "result"})
    assert next(reader.chunks()).frame["result"].to_list() == ["negative"]


def test_records_that_cannot_be_cut_into_fields_are_rejected_alone(line_list: LineList) -> None:
    lines = [
        ROW,
        "T2,too,few",
        ROW.replace("T1", "T3") + ",one too many",
        ROW.replace("T1", '"T4 unterminated'),
        ROW.replace("T1", '"T5" stray'),
        ROW.replace("P1", "P\0"),
        ROW.replace("T1", "T7").replace("P1", "x" * 10_000_000),
        ROW.replace("T1", '"T8, with ""quotes"" and\na line"'),
        ROW.replace("T1", "T9"),
        ROW.replace("T1", '"T10 to the end'),
    ]
    text = "\n".join([HEADER, *lines]).encode()
    expected = [
        (2, "T1"),
        (3, "row:wrong_field_count"),
        (4, "row:wrong_field_count"),
        (5, "row:stray_quote"),
        (6, "row:stray_quote"),
        (7, "row:nul_byte"),
        (8, "row:field_too_long"),
        (9, 'T8, with "quotes" and\na line'),
        (11, "T9"),
        (12, "row:unterminated_quote"),
    ]
    assert reader_rows(LineListReader([text], line_list)) == expected
    kept = [bad.raw for chunk in LineListReader([text], line_list).chunks() for bad in chunk.malformed]
    assert max(map(len, kept)) > 10_000_000


@pytest.mark.parametrize("change", [str.upper, lambda name: name.replace("_", " ").title(), lambda name: f" {name} "])
def test_headings_are_known_in_other_letters_and_with_blanks(change: Callable[[str], str], line_list: LineList) -> None:
    header = ",".join(change(name) for name in HEADER.split(","))
    assert reader_rows(LineListReader([f"{header}\n{ROW}\n".encode()], line_list)) == [(2, "T1")]
