"""Records that were not taken: who may open them, what the access record says, and how they come in after all."""

from __future__ import annotations

import csv
import io

import pytest
from django.db import Error
from django.test import Client

from commonweal.apps.access import actions
from commonweal.apps.access.scope import Actor
from commonweal.apps.intake import mending
from commonweal.core.errors import NotAllowed, NotThere, Refused
from commonweal.web import db
from tests.integration.access import build

from . import ground
from .world import as_csv, record, send

SENDER, DESK, DIRECTOR = "sender@lab.example", "desk@nation.example", "director@leicester.example"


def held_as(email: str, office: str, purpose: str) -> Actor:
    person = actions.invite(email, email.split("@")[0], [office]).person_id
    return Actor(person, office, purpose)


@pytest.fixture(scope="module")
def people(tokens: dict[str, str]) -> dict[str, Actor]:
    ground.offices()
    with db.recorded("authn") as write:
        for office, organisation, permissions in (
            ("lab-office", "lab", ["send_results", "manage_feeds"]),
            ("orphan-desk", "national-health-protection", ["place_records"]),
        ):
            write.cursor.execute(
                "insert into access.office values (%s, %s, %s, %s, %s, %s)",
                [office, organisation, office, permissions, ["result_delivery"], write.tick],
            )
    return {
        "sender": held_as(SENDER, "lab-office", "result_delivery"),
        "desk": held_as(DESK, "orphan-desk", "result_delivery"),
        "director": held_as(DIRECTOR, "director-of-public-health-e06000016", "outbreak_control"),
    }


def sent(name: str) -> int:
    """A submission with a good, a rejected and a pending record."""
    return send(
        as_csv(
            record(record_id=f"{name}1"),
            record(record_id=f"{name}2", age_years="many", full_name='Lee, "Ann"'),
            record(record_id=f"{name}3", postcode="LE9 9ZZ"),
        )
    ).submission


def test_the_sender_opens_mends_and_sends_again(people: dict[str, Actor]) -> None:
    number = sent("A")
    held = mending.opened(people["sender"], number, "rejected", exported=True)
    header, row = csv.reader(io.StringIO(held.csv().decode()))
    assert header[0] == "what_to_mend"
    assert row[0] == "Age years is not a number. Mend it and send the record again."
    assert dict(zip(header, row, strict=True))["full_name"] == 'Lee, "Ann"'
    mended = send(held.csv().replace(b"many", b"40"))
    assert (mended.balance.received, mended.balance.accepted) == (1, 1)
    entry = db.rows(
        "backup",
        "select r.class, r.query, r.filters, n.row_count, n.exported from access.read_record r"
        " join access.read_rows n on n.read_id = r.id where r.office_id = 'lab-office' order by r.entered_at desc limit 1",
    )[0]
    assert (entry["class"], entry["query"], entry["row_count"], entry["exported"]) == ("L3", "records to mend", 1, True)
    assert entry["filters"] == {"outcome": "rejected", "submission": number}


def test_a_place_given_resolves_the_waiting_record(people: dict[str, Actor]) -> None:
    number = sent("B")
    with pytest.raises(Refused, match="not on the list"):
        mending.give_place(people["desk"], number, 3, "LE9 9ZY")
    receipt = mending.give_place(people["desk"], number, 3, "le1 1aa")
    assert receipt.balance.accepted == 1
    end = db.rows("backup", "select how, by_submission from intake.orphan_end where submission_id = %s", [number])
    assert end == [{"how": "resolved", "by_submission": receipt.submission}]
    stored = db.rows("backup", "select postcode from record.result order by id desc limit 1")
    assert stored == [{"postcode": "LE11AA"}]
    with pytest.raises(NotThere, match="Nothing is kept"):
        mending.opened(people["desk"], number, "pending", row=3)


def test_a_record_is_dropped_once_with_a_reason(people: dict[str, Actor]) -> None:
    number = sent("C")
    with pytest.raises(Refused, match="1 to"):
        mending.drop(people["desk"], number, 3, "  ")
    mending.drop(people["desk"], number, 3, "The laboratory cannot say whose swab it was.")
    with pytest.raises(NotAllowed, match="ended already"):
        mending.drop(people["desk"], number, 3, "Again.")
    with pytest.raises(NotAllowed, match="does not wait"):
        mending.drop(people["desk"], number, 1, "It was accepted.")


def test_cheat_others_open_and_drop_nothing(people: dict[str, Actor]) -> None:
    number = sent("D")
    for outcome in ("rejected", "pending"):
        assert not mending.may_mend(people["director"], number, outcome)
        with pytest.raises(NotAllowed, match="Only offices of the organisation that sent"):
            mending.opened(people["director"], number, outcome)
    with pytest.raises(NotAllowed):
        mending.opened(people["desk"], number, "rejected")
    with pytest.raises(NotAllowed):
        mending.drop(people["director"], number, 3, "We say so.")
    someone_else = Actor(people["director"].person_id, "lab-office", "result_delivery")
    with pytest.raises(NotAllowed):
        mending.opened(someone_else, number, "rejected")


def test_the_entry_says_when_a_deputy_opened_them(people: dict[str, Actor]) -> None:
    number = sent("G")
    deputy = build.appoint("lab-office", "Stand In", "deputy")
    mending.opened(Actor(deputy.person_id, "lab-office", "result_delivery"), number, "rejected")
    mending.opened(people["sender"], number, "rejected")
    entries = db.rows(
        "backup",
        "select person_id, on_behalf_of from access.read_record where filters @> jsonb_build_object('submission', %s::int)",
        [number],
    )
    assert {entry["person_id"]: entry["on_behalf_of"] for entry in entries} == {
        deputy.person_id: "deputy for the holder",
        people["sender"].person_id: None,
    }


def test_cheat_no_row_leaves_before_its_entry_is_committed(people: dict[str, Actor]) -> None:
    number, who = sent("E"), people["sender"]
    with db.transaction("authn") as cursor:
        cursor.execute(
            "select intake.open_held(%s::uuid, %s, %s, %s, 'rejected', null)",
            [who.person_id, who.office_id, who.purpose, number],
        )
        read_id = cursor.fetchone()[0]
        assert db.fetch(cursor, "select * from intake.held_rows(%s::uuid)", [read_id]) == []
    for alias in ("app", "ingest", "engine", "web", "queue"):
        for statement in ("select * from intake.held", "select * from intake.held_rows(gen_random_uuid())"):
            with pytest.raises(Error, match="permission denied"):
                db.rows(alias, statement)


def test_the_pages_lead_through_it(people: dict[str, Actor]) -> None:
    number, browser = sent("F"), build.browser(DESK)
    page = browser.get("/orphans").content.decode()
    assert f'href="/orphans/{number}/3"' in page
    shown = browser.get(f"/orphans/{number}/3").content.decode()
    assert "Postcode is not on the list of postcodes." in shown
    assert "LE9 9ZZ" in shown
    wrong = browser.post(f"/orphans/{number}/3", {"postcode": "LE9 9ZX"})
    assert (wrong.status_code, "is not on the list of postcodes" in wrong.content.decode()) == (400, True)
    given = browser.post(f"/orphans/{number}/3", {"postcode": "LE2 0AA"})
    assert given.status_code == 302
    assert "1 accepted" in browser.get(given["Location"]).content.decode()
    sender = build.browser(SENDER)
    assert f"/submissions/{number}/rejected-rows.csv" in sender.get(f"/submissions/{number}").content.decode()
    file = sender.get(f"/submissions/{number}/rejected-rows.csv")
    assert (file.status_code, file["Cache-Control"]) == (200, "private, no-store")
    assert b"F2" in file.content
    stranger = build.browser(DIRECTOR)
    build.act(stranger, "director-of-public-health-e06000016", "outbreak_control")
    assert "rejected-rows.csv" not in stranger.get(f"/submissions/{number}").content.decode()
    assert stranger.get(f"/submissions/{number}/rejected-rows.csv").status_code == 403
    assert stranger.post(f"/orphans/{number}/3/drop", {"reason": "No."}).status_code == 403
    assert Client(SERVER_NAME="localhost").get(f"/orphans/{number}/3").status_code == 302
