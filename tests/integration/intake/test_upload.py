"""Uploading: the preview tells the truth and changes nothing; what was confirmed becomes what was previewed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonweal.apps.access import actions
from commonweal.apps.intake import feeds, previews
from commonweal.apps.intake.sources import Provenance, from_body
from commonweal.core.errors import NotThere, Refused
from commonweal.server.home import Home
from commonweal.web import db
from tests.integration.access import build

from . import ground
from .world import as_csv, record, send

SENDER, DIRECTOR = "sender@lab.example", "director@leicester.example"
TABLES = (
    "intake.submission",
    "intake.outcome",
    "record.result",
    "counts.delta",
    "identity.link",
    "intake.held",
    "ledger.tick",
)


@pytest.fixture(scope="module", autouse=True)
def world(tokens: dict[str, str]) -> None:
    ground.offices()
    with db.recorded("authn") as write:
        write.cursor.execute(
            "insert into access.office values ('lab-office', 'lab', 'Sending office', %s, %s, %s)",
            [["send_results", "manage_feeds"], ["result_delivery"], write.tick],
        )
    actions.invite(SENDER, "Sender", ["lab-office"])
    actions.invite(DIRECTOR, "Director", ["director-of-public-health-e06000016"])


@pytest.fixture
def sender() -> Client:
    return build.browser(SENDER)


def stored() -> dict[str, int]:
    return {table: db.value("backup", f"select count(*) from {table}") for table in TABLES}


def chosen(client: Client, body: bytes, feed: str = "lab-one") -> str:
    """The preview page of a file."""
    answer = client.post(f"/feeds/{feed}/upload", {"file": SimpleUploadedFile("june.csv", body)})
    assert answer.status_code == 200, answer.content.decode()
    return answer.content.decode()


def token_of(page: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found
    return found[1]


def test_a_preview_shows_outcomes_and_rows_and_changes_nothing(sender: Client) -> None:
    before = stored()
    page = chosen(
        sender,
        as_csv(
            record(record_id="U1"), record(record_id="U2", age_years="x"), record(record_id="U3", postcode="LE9 9ZZ")
        ),
    )
    assert "If you send it: 1 accepted, 1 rejected with a reason and 1 waiting for a place of 3 records." in page
    assert "Age years is not a number. Mend it and send the record again." in page
    assert "The first 3 rows as they were read" in page
    assert stored() == before


def test_what_is_confirmed_becomes_what_was_previewed(sender: Client) -> None:
    body = as_csv(record(record_id="V1"), record(record_id="V2", result="perhaps"))
    page = chosen(sender, body)
    answer = sender.post("/feeds/lab-one/upload/send", {"token": token_of(page), "label": "june.csv"})
    assert answer.status_code == 302
    shown = sender.get(answer["Location"]).content.decode()
    assert "2 records received: 1 accepted and 1 rejected with a reason. They add up." in shown
    assert "june.csv (upload)" in shown
    again = sender.post("/feeds/lab-one/upload/send", {"token": token_of(page), "label": "june.csv"})
    assert again.status_code == 404
    assert "no longer waiting" in again.content.decode()
    assert "Exactly this file was sent before." in chosen(sender, body)


def test_a_column_is_matched_and_the_feed_remembers_it(sender: Client) -> None:
    renamed = {"result": "Ergebnis", "symptomatic": "Beschwerden"}
    body = as_csv({renamed.get(key, key): value for key, value in record(record_id="W1").items()})
    page = chosen(sender, body, feed="lab-two")
    assert "result" in page
    assert "Send it</button>" not in page, "a required column is missing"
    given = {"token": token_of(page), "label": "w.csv", "match-Ergebnis": "result", "match-Beschwerden": ""}
    matched = sender.post("/feeds/lab-two/upload/match", given).content.decode()
    assert "If you send it: 1 accepted of 1 record." in matched
    assert feeds.column_mapping("lab-two") == {"Ergebnis": "result"}


def test_a_mapping_to_nothing_or_twice_is_refused() -> None:
    with pytest.raises(Refused, match="'outcome' is no field"):
        previews.remember_mapping("lab-one", {"a": "outcome"})
    with pytest.raises(Refused, match="Two columns stand for 'result'"):
        previews.remember_mapping("lab-one", {"a": "result", "b": "result"})


def test_the_waiting_file_is_sealed_and_opens_for_its_sender_only() -> None:
    token = previews.keep(b"full_name\nAnn Patel\n", "lab-one", "Sender")
    files = list((Home.current().path / "uploads").iterdir())
    assert all(b"Patel" not in path.read_bytes() for path in files)
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)
    with pytest.raises(Refused, match="do not open"):
        previews.kept(token, "lab-one", "Somebody else", "x")
    assert previews.kept(token, "lab-one", "Sender", "x").body == b"full_name\nAnn Patel\n"
    previews.forget(token)
    with pytest.raises(NotThere, match="no longer waiting"):
        previews.kept(token, "lab-one", "Sender", "x")


def test_an_hour_later_it_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    token = previews.keep(b"x", "lab-one", "Sender")
    monkeypatch.setattr(previews, "WAITING_SECONDS", -1)
    previews.drop_old()
    with pytest.raises(NotThere):
        previews.kept(token, "lab-one", "Sender", "x")


def test_only_the_owner_sends(sender: Client) -> None:
    with db.recorded("authn") as write:
        write.cursor.execute(
            "insert into access.organisation values ('other', 'Other', 'laboratory', null, %s)", [write.tick]
        )
    feeds.add("other-feed", "other", pathogen="covid-19")
    answer = sender.get("/feeds/other-feed/upload")
    assert answer.status_code == 403
    assert "belongs to another organisation" in answer.content.decode()
    director = build.browser(DIRECTOR)
    build.act(director, "director-of-public-health-e06000016", "outbreak_control")
    assert "may not send results" in director.get("/feeds/lab-one/upload").content.decode()


def test_no_file_is_said_at_its_field(sender: Client) -> None:
    answer = sender.post("/feeds/lab-one/upload", {})
    assert answer.status_code == 400
    assert "Choose a file for “File with records”." in answer.content.decode()


RECORDS = st.lists(
    st.fixed_dictionaries(
        {
            "record_id": st.sampled_from("abcdef"),
            "result": st.sampled_from(["positive", "negative", "void", "perhaps"]),
            "postcode": st.sampled_from(["LE1 1AA", "LE2 0AA", "LE9 9ZZ", "nowhere"]),
            "age_years": st.sampled_from(["39", "x", "250"]),
            "revision": st.sampled_from(["1", "2"]),
        }
    ),
    min_size=1,
    max_size=8,
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(RECORDS)
def test_preview_and_taking_in_always_agree(rows: list[dict[str, str]]) -> None:
    body = as_csv(*[record(**row) for row in rows])
    seen = previews.preview("lab-one", from_body(body, Provenance("upload", "p"), is_json=False))
    if seen.before is not None:
        return
    receipt = send(body, feed="lab-one")
    assert seen.balance == receipt.balance
    kept = db.rows(
        "backup",
        "select row_number, outcome, reasons, notes from intake.outcome where submission_id = %s order by 1",
        [receipt.submission],
    )
    assert list(seen.outcomes) == kept


def test_the_folder_is_private() -> None:
    previews.drop_old()
    folder = Path(Home.current().path) / "uploads"
    assert folder.stat().st_mode & 0o077 == 0
