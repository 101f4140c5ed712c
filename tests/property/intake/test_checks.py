"""Law: the array version of the checks says of every record exactly what the plain version says."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.core.intake.checks import Checker
from commonweal.core.intake.obvious import check_record
from commonweal.core.intake.pathogen import PathogenPack
from commonweal.core.intake.rules import Fate
from commonweal.core.intake.schema import LineList

NOW = datetime(2020, 11, 6, 12, 0, tzinfo=UTC)
SITES = frozenset({"LE16NB"})

DAYS = st.sampled_from(
    [
        "2020-06-26",
        "2020-11-06",
        "2020-06-11",
        "2020-02-30",
        "2020-26-06",
        "2020-11-07",
        "1999-01-01",
        "0001-01-01",
        "x",
    ]
)
CLOCKS = st.sampled_from(["", "T", "T14:05", "T14:05:11", "T14:05:11.25", " 00:30", "T25:00", "T23:59:60"])
ZONES = st.sampled_from(["", "", "Z", "z", "+01:00", "-0530", "+15:00"])
MOMENTS = st.one_of(
    st.none(),
    st.tuples(DAYS, CLOCKS, ZONES).map("".join),
    st.sampled_from(
        ["2020-10-25T01:30", "2020-10-25T01:30Z", "2020-03-29T01:30:00", "26/06/2020", "2020-6-1", "٢٠٢٠-06-01"]
    ),
)
WORDS = st.sampled_from(
    ["", "positive", "Negative", "NEG", "unknown", "female", "M", "pcr", "pillar2", "hospital", "true", "0", "yes?"]
)
NUMBERS = st.sampled_from(["0", "35", "250", "-1", "+7", "12.5", "1e3", "99999999999999", "x", "120", "121"])
POSTCODES = st.sampled_from(
    [
        "LE1 1AA",
        "le11aa",
        "LE1 6NB",
        "ZZ99 3VZ",
        "75001",
        "K1A 0B1",
        "D02 AF30",
        "1017 AB",
        "nowhere",
        "??",
        "GIR 0AA",
        "EC1A1BB",
    ]
)
NAMES = st.sampled_from(["Ann O'Neill", "O'NEILL, ann", "Zoë Ångström", "નિશા પટેલ", "123", "ß", "محمد"])
NHS = st.sampled_from(["943 476 5919", "9434765919", "9434765918", "12345", "943-476-5919", "0000000000", "abcdefghij"])
KEYS = st.sampled_from(["T1", "x" * 100, "é" * 101, "P 7"])


GOOD = {
    "record_id": "T1",
    "person_id": "P1",
    "nhs_number": "9434765919",
    "full_name": "Ann Patel",
    "date_of_birth": "1980-11-05",
    "age_years": "39",
    "sex": "female",
    "postcode": "LE1 1AA",
    "postcode_source": "given_at_test",
    "pillar": "pillar2",
    "test_route": "home_kit",
    "test_type": "pcr",
    "result": "negative",
    "specimen_date": "2020-06-26T14:05:11",
    "reported_at": "2020-06-27T09:00:00Z",
    "revision": "1",
}


@st.composite
def records(draw: st.DrawFn, line_list: LineList) -> dict[str, str | None]:
    """A good record of which up to nine fields hold something else, or nothing."""
    by_type = {
        "datetime": MOMENTS,
        "code": WORDS,
        "integer": NUMBERS,
        "boolean": WORDS,
        "date": DAYS,
        "postcode": POSTCODES,
    }
    special = {"full_name": NAMES, "nhs_number": NHS, "record_id": KEYS, "person_id": KEYS, "date_of_birth": DAYS}
    record: dict[str, str | None] = {field.id: GOOD.get(field.id) for field in line_list.fields}
    for name in draw(st.lists(st.sampled_from(line_list.ids), max_size=9)):
        field = line_list[name]
        texts = special.get(name, by_type.get(field.type, NAMES))
        record[name] = draw(st.one_of(st.none(), texts, texts, st.sampled_from(field.values or ("x",)))) or None
    return record


@pytest.fixture(scope="module")
def checker(line_list: LineList, pack: PathogenPack) -> Checker:
    return Checker(line_list, pack, test_sites=SITES)


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_array_checks_agree_with_plain_checks(
    data: st.DataObject, line_list: LineList, checker: Checker, pack: PathogenPack
) -> None:
    rows = data.draw(st.lists(records(line_list), min_size=1, max_size=6))
    frame = pl.DataFrame(rows, schema=dict.fromkeys(line_list.ids, pl.String), orient="row")
    many = checker.check(frame, now=NOW)
    few = [check_record(row, line_list, pack, now=NOW, test_sites=SITES) for row in rows]
    assert many.frame.rows(named=True) == [verdict.values for verdict in few]
    assert many.fate.tolist() == [verdict.fate for verdict in few]
    assert [set(row) for row in many.reasons] == [{reason for _, reason in verdict.reasons} for verdict in few]
    assert [set(row) for row in many.notes] == [set(verdict.notes) for verdict in few]
    assert many.unread == {place: verdict.unread for place, verdict in enumerate(few) if verdict.unread}


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_code_that_is_not_in_the_list_never_becomes_one_that_is(
    data: st.DataObject, line_list: LineList, checker: Checker
) -> None:
    record = data.draw(records(line_list))
    frame = pl.DataFrame([record], schema=dict.fromkeys(line_list.ids, pl.String), orient="row")
    checked = checker.check(frame, now=NOW)
    text, value = record["result"], checked.frame["result"][0]
    assert value is None or value == str(text).lower()
    if value is None:
        assert checked.fate[0] == Fate.REJECTED
        assert set(checked.reasons[0]) & {"result:unknown_code", "result:missing"}
