"""One signal's evidence: whole, the same bytes for the same instant and places, and nothing of anybody in it."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonweal.apps.access import actions
from commonweal.apps.access.scope import Actor, scoped_read
from commonweal.apps.intake import pull_tokens
from commonweal.apps.surveillance import evidence, known, why_keeping
from commonweal.apps.surveillance import signals as reads
from commonweal.cli.pull import pull
from commonweal.core.errors import NotThere, Refused
from commonweal.web import db, times
from tests.functional.serving import serving_site
from tests.integration.intake import world as records

from . import outbreak, written
from . import test_place as places

DIRECTOR, NATIONAL = (outbreak.DIRECTOR, outbreak.OFFICE), (outbreak.MINISTER, outbreak.NATION)


@pytest.fixture(scope="module", autouse=True)
def world(space: str) -> str:
    outbreak.lay()
    outbreak.signal()
    outbreak.signal(2, scope=(outbreak.DISTRICT,), place=outbreak.DISTRICT)
    actions.invite("lead@leicester.example", "Lead", ["leader-e06000016"])
    director, analyst = actor(*DIRECTOR), actor(*outbreak.ANALYSTS[1])
    note = known.write_note(director, known.About(outbreak.NEIGHBOURHOOD, signal=1), "Two shifts share a room.")
    known.write_note(director, known.About(outbreak.CITY, signal=1), "A test bus comes.", "seats")
    cause = known.suppose(analyst, outbreak.CITY, "The changing room.", 1)
    known.add_evidence(director, cause, "for", "Thirty of forty work there.", note=note)
    known.judge(director, 1, "confirm", "The nurse says so too.")
    known.judge(analyst, 1, "dispute", "More testing.")
    return space


def actor(email: str, office: str) -> Actor:
    return places.actor(email, office)


def explained() -> None:
    """The director opens the page: why it is rising is worked out and kept."""
    who = actor(*DIRECTOR)
    with scoped_read(who, query="signal", filters={"signal": 1}, data_class="L1") as scope:
        row = reads.signal(scope, 1)
    assert row is not None
    why_keeping.of_signal(who, row, (outbreak.CITY,), None, name="Leicester", records=True, addresses=True)


def given_to(who: tuple[str, str], as_of: Any) -> evidence.Given:
    return evidence.of_signal(actor(*who), 1, as_of)


def test_it_holds_everything_and_is_the_same_for_both_tiers() -> None:
    explained()
    now = db.freeze()
    local, national = given_to(DIRECTOR, now), given_to(NATIONAL, now)
    assert local.evidence.body == national.evidence.body
    found = json.loads(local.evidence.body)
    assert hashlib.sha256(local.evidence.body).hexdigest() == local.evidence.sha256
    assert [each["words"] for each in found["notes"]["offices"]] == ["Two shifts share a room."]
    assert [each["words"] for each in found["notes"]["seats"]] == ["A test bus comes."]
    assert [each["verdict"] for each in found["judgements"]] == ["confirm", "dispute"]
    assert found["hypotheses"][0]["evidence"][0]["words"] == "Thirty of forty work there."
    assert found["changes"][0]["evidence"] == ["forty cases"]
    assert found["sources"]["feeds"][0]["feed"] == "lab-one"
    assert found["sources"]["sweeps"][0]["number"] == found["changes"][0]["sweep"]
    assert found["why"]["result"]["label"]["name"] == "workplace"
    days = found["figures"]["days"]
    people = sum(day["people_hospital_tests"] + day["people_community_tests"] for day in days)
    with scoped_read(actor(*DIRECTOR), query="count", filters={}, data_class="L1") as scope:
        counted = scope.rows(
            "select sum(n)::int as n from counts.delta where result = 'case' and specimen_day between %s and %s",
            [days[0]["day"], days[-1]["day"]],
        )
    assert people == counted[0]["n"] > 0
    assert found["made_by"]["code"]
    assert local.agreements, "the reader's agreements are told beside the document, not in it"


def test_it_names_offices_and_nobody() -> None:
    text = given_to(DIRECTOR, db.freeze()).evidence.body.decode()
    assert "Director of Public Health, Leicester" in text
    for words in ("Mill Lane", "LE1 1AA", "LE11AA", '"C1"', '"Director"', "leicester.example", "person_id"):
        assert words not in text, words


LATER = st.lists(
    st.sampled_from(["note", "recall", "correct", "judge", "merge", "cause", "answer", "results", "explain", "sweep"]),
    min_size=1, max_size=4,
)  # fmt: skip


@given(steps=LATER)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_same_instant_gives_the_same_bytes_whatever_came_later(steps: list[str]) -> None:
    who = actor(*DIRECTOR)
    about = known.About(outbreak.NEIGHBOURHOOD, signal=1)
    fresh = known.write_note(who, about, "Written just before.")
    as_of = db.freeze()
    before = given_to(DIRECTOR, as_of).evidence
    assert before.document["notes"]["offices"][-1]["words"] == "Written just before."
    for step in steps:
        later(step, who, about, fresh)
    assert given_to(DIRECTOR, as_of).evidence.body == before.body
    assert given_to(NATIONAL, as_of).evidence.sha256 == before.sha256


def later(step: str, who: Actor, about: known.About, fresh: int) -> None:
    """Something that becomes known after the instant."""
    try:
        if step == "note":
            known.write_note(who, about, "Later.")
        elif step == "recall":
            known.take_back_note(who, fresh)
        elif step == "correct":
            known.correct_note(who, fresh, "Put right.")
        elif step == "judge":
            known.judge(who, 1, "explain", "Later.")
        elif step == "merge":
            known.take_back(who, known.judge(who, 1, "explain", "Taken back later."))
        elif step == "cause":
            known.add_evidence(who, known.suppose(who, outbreak.CITY, "Rain.", 1), "against", "It was dry.")
        elif step == "answer":
            known.tell_us(about, "Told later.", "resident", None)
        elif step == "results":
            number = db.value("backup", "select count(*) from intake.submission")
            records.send(records.as_csv(records.record(record_id=f"later-{number}", result="positive")))
        elif step == "explain":
            explained()
        elif step == "sweep":
            with db.recorded("engine") as write:
                sweep = written.sweep(write, as_of=db.value("app", "select commonweal.now()"))
                newest = db.value("backup", "select max(step) from surveillance.signal_change where signal = 1")
                written.change(write, 1, newest + 1, "growing", [outbreak.CITY], sweep)
    except Refused:
        pass  # a note that was taken back can be neither taken back nor put right again


def test_only_whoever_sees_it_gets_it_and_every_reading_is_an_export() -> None:
    with pytest.raises(NotThere, match="no signal 2"):
        evidence.of_signal(actor(*DIRECTOR), 2, db.freeze())
    with pytest.raises(NotThere, match="no signal 1"):
        given_to(DIRECTOR, "2020-01-01T00:00:00Z")
    exported = "select count(*) from access.read_rows where exported"
    before = db.value("backup", exported)
    given_to(DIRECTOR, db.freeze())
    assert db.value("backup", exported) == before + 1


@pytest.mark.parametrize(
    "file", ["signals/1/evidence", "signals.csv", "signals.geojson", f"places/{outbreak.CITY}.csv"]
)
def test_an_office_that_takes_nothing_out_is_refused_by_program_as_on_the_page(file: str) -> None:
    answer = outbreak.browser("lead@leicester.example", "leader-e06000016").get(f"/api/v1/{file}")
    assert answer.status_code == 403
    assert "download what a page shows" in answer.json()["detail"]


def test_it_is_downloaded_by_session_and_by_command_and_checked(world: str, tmp_path: Path) -> None:
    as_of = times.link_form(db.freeze())
    client: Client = outbreak.browser(*DIRECTOR)
    answer = client.get(f"/api/v1/signals/1/evidence?as_of={as_of}")
    assert answer.status_code == 200
    digest = hashlib.sha256(answer.content)
    assert answer["Repr-Digest"] == f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
    assert client.get("/api/v1/signals/2/evidence").status_code == 404
    assert Client(SERVER_NAME="localhost").get("/api/v1/signals/1/evidence").status_code == 401
    assert "/api/v1/signals/1/evidence" in client.get("/signals/1/judgements").content.decode()
    token = tmp_path / "token"
    token.write_text(pull_tokens.give(actor(*DIRECTOR), "our archive"))
    with serving_site(world) as address:
        given = [address, "1", "--token-file", str(token), "--into", str(tmp_path), "--as-of", as_of]
        ran = CliRunner().invoke(pull, ["evidence", *given])
        assert ran.exit_code == 0, ran.output
        missing = CliRunner().invoke(pull, ["evidence", address, "2", *given[2:]])
        assert "no signal 2" in str(missing.exception)
    assert (tmp_path / "signal-1-evidence.json").read_bytes() == answer.content
    assert digest.hexdigest() in ran.output
