"""An upload shows what every record would become, keeps nothing until it is sent, and remembers columns."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from commonweal.apps.access import actions
from commonweal.web import db
from tests.integration.access import build

from .world import as_csv, record, stored

SUBMISSIONS = "select count(*) as n from intake.submission"
SENDER, OFFICE = "sender@lab.example", "lab-bench"


@pytest.fixture(scope="module")
def sender(tokens: dict[str, str]) -> Client:
    actions.add_office(actions.office_from_role("laboratory", "lab", (), office_id=OFFICE))
    actions.invite(SENDER, "Sender", [OFFICE])
    return build.browser(SENDER)


def choose(client: Client, body: bytes, name: str = "week.csv") -> str:
    answer = client.post("/feeds/lab-one/upload", {"file": SimpleUploadedFile(name, body, "text/csv")})
    return answer.content.decode()


def key_in(page: str) -> str:
    found = re.search(r'name="key" value="([0-9a-f]{64})"', page)
    assert found is not None, page
    return found.group(1)


def test_a_preview_shows_every_outcome_and_keeps_nothing(sender: Client) -> None:
    before = stored(SUBMISSIONS)
    page = choose(
        sender,
        as_csv(record(record_id="U1"), record(record_id="U2", age_years="250"), record(record_id="U3", postcode="")),
    )
    assert "Nothing has been kept yet" in page
    assert "1 accepted" in page
    assert "1 rejected with a reason" in page
    assert "1 waiting for a place" in page
    assert stored(SUBMISSIONS) == before
    answer = sender.post("/feeds/lab-one/upload", {"key": key_in(page), "do": "send"})
    assert answer.status_code == 302
    assert re.fullmatch(r"/submissions/\d+", answer["Location"])
    assert stored(SUBMISSIONS) != before


def test_the_same_bytes_are_known_again(sender: Client) -> None:
    body = as_csv(record(record_id="U4"))
    sender.post("/feeds/lab-one/upload", {"key": key_in(choose(sender, body)), "do": "send"})
    assert "taken in before" in choose(sender, body)


def test_a_column_is_named_once_and_remembered(sender: Client) -> None:
    body = as_csv(record(record_id="U5")).replace(b"person_id", b"patient no", 1)
    page = choose(sender, body)
    assert "patient no" in page
    sender.post("/feeds/lab-one/upload", {"key": key_in(page), "do": "columns", "column:patient no": "person_id"})
    again = choose(sender, body.replace(b"U5", b"U6"))
    assert "1 accepted" in again


def test_what_cannot_be_read_is_said_in_words(sender: Client) -> None:
    assert "There is a problem" in choose(sender, b"")
    assert sender.post("/feeds/lab-one/upload", {"key": "0" * 64, "do": "send"}).status_code == 404
    assert sender.post("/feeds/lab-one/upload", {}).status_code == 400


def test_another_organisations_feed_is_refused(sender: Client) -> None:
    with db.recorded("authn") as write:
        write.cursor.execute(
            "insert into access.organisation values ('other-lab', 'Other', 'laboratory', null, %s)", [write.tick]
        )
    from commonweal.apps.intake import feeds

    feeds.add("other-feed", "other-lab", pathogen="covid-19")
    assert sender.get("/feeds/other-feed/upload").status_code == 403
