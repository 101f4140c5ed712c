"""What becomes of one record, and of a file that comes twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commonweal.apps.intake import sources
from commonweal.apps.intake.actions import take_in
from commonweal.cli.intake import _show_receipts
from commonweal.core.errors import NotThere

from .world import as_csv, outcomes, record, send, stored

pytestmark = pytest.mark.usefixtures("tokens")


def test_a_good_record_is_accepted_placed_counted_and_sealed() -> None:
    receipt = send(as_csv(record(record_id="A1", result="positive", full_name="Ann Patel", date_of_birth="1980-11-05")))
    assert receipt.balance.as_dict() == {
        "received": 1, "accepted": 1, "duplicate": 0, "superseded": 0, "rejected": 0, "pending": 0,
    }  # fmt: skip
    result = stored(
        "select r.* from record.result r join intake.outcome o on o.result_id = r.id where submission_id = %s",
        [receipt.submission],
    )[0]
    assert (result["scope_ltla"], result["lsoa_code"], result["postcode"]) == ("E06000016", "E01013601", "LE11AA")
    assert result["age_band"] == "30-39"
    counts = stored("select result, n from counts.delta d where tick_id = %s order by 1", [result["tick_id"]])
    assert counts == [{"result": "case", "n": 1}, {"result": "positive", "n": 1}]
    sealed = stored("select * from identity.sealed where result_id = %s", [result["id"]])[0]
    assert b"Patel" not in bytes(sealed["payload"])


def test_an_unknown_feed_is_named_with_the_command_that_makes_it() -> None:
    with pytest.raises(NotThere, match="commonweal feeds add nobody --owner"):
        send(as_csv(record()), feed="nobody")


def test_the_same_bytes_again_change_nothing_and_say_so() -> None:
    body = as_csv(record(record_id="B1"), record(record_id="B2", result="perhaps"))
    first, again = send(body), send(body)
    assert (first.replayed, again.replayed) == (False, True)
    assert again.submission == first.submission
    assert again.balance.accepted == 0
    assert first.balance.rejected == again.balance.rejected == 1


def test_versions_of_a_record() -> None:
    send(as_csv(record(record_id="C1", revision="2")))
    receipt = send(
        as_csv(
            record(record_id="C1", revision="2"),
            record(record_id="C1", revision="2", age_years="40"),
            record(record_id="C1", revision="3", result="positive"),
            record(record_id="C1", revision="1"),
            record(record_id="C2", postcode="LE9 9ZZ"),
            record(record_id="C3", result="perhaps"),
        )
    )
    assert [(outcome, reasons) for _, outcome, reasons, _ in outcomes(receipt.submission)] == [
        ("duplicate", []),
        ("rejected", ["revision:content_differs"]),
        ("superseded", []),
        ("superseded", []),
        ("pending", ["postcode:not_known"]),
        ("rejected", ["result:unknown_code"]),
    ]


def test_the_command_line_says_which_records_were_held_back_and_why(
    tokens: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "held.csv"
    rows = [record(record_id=f"C{n}", person_id="C", age_years="x") for n in range(7)]
    path.write_bytes(as_csv(record(record_id="C9"), *rows, record(record_id="C8", postcode="LE9 9ZZ", person_id="D")))
    answer = take_in("lab-one", sources.from_file(path, sources.Provenance("file", "held.csv")))
    _show_receipts([("held.csv", answer)], as_json=False)
    said = capsys.readouterr().out
    assert "rejected age_years:not_a_number: 7 (record 2, 3, 4, 5, 6, …)" in said
    assert "pending postcode:not_known: 1 (record 9)" in said
    _show_receipts([("held.csv", answer)], as_json=True)
    assert json.loads(capsys.readouterr().out)["why"][0]["n"] == 7
