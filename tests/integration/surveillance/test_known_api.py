"""What people know for programs: the same actions as the pages', in the same scope, refused in the same words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from hypothesis import example, given, settings
from hypothesis import strategies as st

from commonweal.apps.access import actions
from commonweal.apps.intake import pull_tokens
from commonweal.apps.surveillance import known
from commonweal.site.api import api
from commonweal.web import db, times
from tests.integration.access import build

from . import test_place as places
from . import test_signal_pages as pages

world = pages.world  # the same places, offices, results and signals
MIDDLE, LOCAL = places.MIDDLE, pages.LOCAL
ANALYST = ("analyst@nation.example", "national-analyst-e92000001")
NEXT = (pages.NEIGHBOUR, pages.NEXT_DOOR)
Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def tokens(world: None) -> dict[str, str]:
    actions.invite(ANALYST[0], "Analyst", [ANALYST[1]])
    seats = {"local": LOCAL, "national": ANALYST, "next": NEXT}
    return {who: pull_tokens.give(places.actor(*seat), "our own system", may_write=True) for who, seat in seats.items()}


@pytest.fixture(scope="module")
def ask(tokens: dict[str, str]) -> Ask:
    def one(path: str, body: Any = None, who: str = "local") -> Any:
        client = Client(SERVER_NAME="localhost", headers={"authorization": f"Bearer {tokens[who]}"})
        if body is None:
            return client.get(f"/api/v1{path}")
        return client.post(f"/api/v1{path}", json.dumps(body), content_type="application/json")

    return one


def done(answer: Any, status: int = 201) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    found: dict[str, Any] = answer.json()
    return found


def refused(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    return str(answer.json()["detail"])


def test_what_is_written_by_program_stands_on_the_page_and_in_the_history_of_both_tiers(ask: Ask) -> None:
    before = times.link_form(db.freeze())
    wrote = done(ask("/signals/1/notes", {"words": "A unit opened at the mosque.", "setting": "The mosque"}))
    cause = done(ask("/hypotheses", {"statement": "More testing finds more.", "signal": 1}, "national"))
    done(ask(f"/hypotheses/{cause['number']}/evidence", {"side": "for", "words": "It did.", "note": wrote["number"]}))
    for who, verdict in (("local", "explain"), ("national", "dispute")):
        done(ask("/signals/1/judgements", {"verdict": verdict, "reason": f"We {verdict} it."}, who))
    local, national = (done(ask("/signals/1/history", who=who), 200) for who in ("local", "national"))
    same = ("signal", "changes", "judgements", "notes", "hypotheses", "merged_with")
    assert {name: local[name] for name in same} == {name: national[name] for name in same}
    assert [each["verdict"] for each in local["judgements"]] == ["explain", "dispute"]
    assert local["changes"][0]["evidence"] == ["nine people of signal 1"]
    assert (local["notes"][0]["setting"], local["notes"][0]["words"]) == ("The mosque", "A unit opened at the mosque.")
    assert local["hypotheses"][0]["evidence"][0]["note"] == wrote["number"]
    client = build.browser(LOCAL[0])
    build.act(client, LOCAL[1], "outbreak_control")
    for words in ("We dispute it.", "A unit opened at the mosque.", "More testing finds more."):
        assert words in client.get("/signals/1/judgements").content.decode()
    then = done(ask(f"/signals/1/history?as_of={before}"), 200)
    assert (then["notes"], then["judgements"], then["hypotheses"]) == ([], [], [])


def test_a_merge_is_made_undone_and_separated_by_program(ask: Ask) -> None:
    merge = done(ask("/signals/1/judgements", {"verdict": "merge", "reason": "One works.", "other_signal": 3}))
    assert done(ask("/signals/3/history", who="next"), 200)["merged_with"] == [1]
    done(ask(f"/judgements/{merge['number']}/take-back", {}), 200)
    seen = done(ask("/signals/3/history", who="next"), 200)
    assert (seen["merged_with"], seen["judgements"][-1]["taken_back_at"] is None) == ([], False)
    done(ask("/signals/1/judgements", {"verdict": "merge", "reason": "One works.", "other_signal": 3}))
    done(ask("/signals/3/judgements", {"verdict": "split", "reason": "Two works.", "other_signal": 1}, "next"))
    assert done(ask("/signals/1/history"), 200)["merged_with"] == []


def test_what_was_told_is_found_answered_once_and_taken_note_of(ask: Ask) -> None:
    reference, _ = known.tell_us(known.About(MIDDLE), "The canteen stayed open.", "employer", None)
    (waiting,) = done(ask("/notes?waiting=true"), 200)["items"]
    assert (waiting["told_by"], waiting["office"]) == ("employer", None)
    assert reference not in str(waiting), "the reference is whoever told us's own"
    number = waiting["number"]
    refused(ask(f"/notes/{number}/answer", {"outcome": "acted_on", "words": "Not ours."}, "next"), 403)
    done(ask(f"/notes/{number}/answer", {"outcome": "acted_on", "words": "An officer went there."}))
    assert "answered already" in refused(
        ask(f"/notes/{number}/answer", {"outcome": "acted_on", "words": "Again."}), 400
    )
    assert known.outcome_of(reference)["answer"] == "An officer went there."
    assert done(ask("/notes?waiting=true"), 200)["items"] == []


def test_a_note_is_put_right_and_taken_back_by_program(ask: Ask) -> None:
    number = done(ask("/notes", {"words": "At nine.", "place": MIDDLE, "first_day": "2020-06-12"}))["number"]
    right = done(ask(f"/notes/{number}/corrections", {"words": "At ten."}))["number"]
    refused(ask(f"/notes/{right}/take-back", {}, "national"), 403)
    done(ask(f"/notes/{right}/take-back", {}), 200)
    newest, first = done(ask(f"/notes?place={MIDDLE}"), 200)["items"][:2]
    assert (newest["number"], newest["words"], first["corrected_by"]) == (right, "", None)


@pytest.mark.parametrize(
    ("path", "body", "who", "status", "words"),
    [
        ("/signals/2/judgements", {"verdict": "confirm", "reason": "Not ours."}, "local", 403, "does not answer for"),
        ("/signals/2/notes", {"words": "Not ours."}, "local", 404, "no signal 2"),
        ("/signals/1/notes", {"words": "No permission."}, "national", 403, "does not write down"),
        ("/notes", {"words": "Not ours.", "place": MIDDLE}, "next", 403, "does not answer for"),
        ("/notes", {"words": "Born on 3 May.", "place": MIDDLE}, "local", 400, "a date of birth"),
        ("/notes", {"words": "x", "place": MIDDLE, "first_day": "2020-06-12", "last_day": "2020-06-01"}, "local", 400, "end"),
        ("/notes", {"words": "Nowhere."}, "local", 403, "does not answer for"),
        ("/notes", {"place": MIDDLE}, "local", 422, "missing"),
        ("/notes", {"words": "x", "place": MIDDLE, "first_day": "soon"}, "local", 422, "wrong kind"),
        ("/notes", {"words": "x", "place": MIDDLE, "visibility": "nobody"}, "local", 422, "wrong kind"),
        ("/signals/1/judgements", {"verdict": "burn", "reason": "x"}, "local", 422, "wrong kind"),
        ("/signals/1/judgements", {"verdict": "merge", "reason": "x"}, "local", 400, "Name the other signal"),
        ("/signals/1/judgements", {"verdict": "confirm", "reason": " "}, "local", 400, "Write 1 to"),
        ("/signals/99999999999999999999/judgements", {"verdict": "confirm", "reason": "x"}, "local", 422, "wrong kind"),
        ("/notes", {"words": "x", "place": MIDDLE, "setting": "a\x00b"}, "local", 400, "cannot be kept"),
        ("/signals/1/judgements", {"verdict": "confirm", "reason": "\x00\u202e..."}, "local", 400, "Write 1 to"),
        ("/judgements/99999/take-back", {}, "local", 403, "Only its author"),
        ("/notes/99999/answer", {"outcome": "acted_on", "words": "x"}, "local", 400, "no note 99999"),
        ("/notes/99999/answer", {"outcome": "shrugged", "words": "x"}, "local", 400, "no outcome"),
        ("/notes/99999/corrections", {"words": "x"}, "local", 403, "Only the office"),
        ("/hypotheses", {"statement": "It rains."}, "local", 403, "does not answer for"),
        ("/hypotheses", {"statement": "It rains.", "signal": 2}, "local", 404, "no signal 2"),
        ("/hypotheses/99999/evidence", {"side": "for", "words": "x"}, "local", 403, "does not answer for"),
    ],
)  # fmt: skip
def test_refusals_are_the_pages_own_in_words(ask: Ask, path: str, body: Any, who: str, status: int, words: str) -> None:
    before = db.value("backup", "select count(*) from ledger.entry")
    assert words in refused(ask(path, body, who), status)
    assert db.value("backup", "select count(*) from ledger.entry") == before, "nothing was written"


def test_reads_outside_the_scope_are_not_there(ask: Ask) -> None:
    assert "no signal 2" in refused(ask("/signals/2/history"), 404)
    refused(ask("/notes?place=nowhere"), 404)
    assert done(ask(f"/notes?place={MIDDLE}", who="next"), 200)["items"] == []
    assert Client(SERVER_NAME="localhost").get("/api/v1/signals/1/history").status_code == 401
    assert Client(SERVER_NAME="localhost").post("/api/v1/notes").status_code == 401


def test_a_token_that_only_reads_writes_nothing(world: None) -> None:
    reader = pull_tokens.give(places.actor(*LOCAL), "our archive")
    client = Client(SERVER_NAME="localhost", headers={"authorization": f"Bearer {reader}"})
    body = json.dumps({"words": "By a reader.", "place": MIDDLE})
    said = refused(client.post("/api/v1/notes", body, content_type="application/json"), 403)
    assert said.startswith("This token only reads.")
    assert client.get("/api/v1/signals").status_code == 200


def test_a_session_writes_only_with_the_token_that_its_own_pages_carry(world: None) -> None:
    """Another site that makes a browser post is refused: the session alone is not enough."""
    signed_in = build.browser(LOCAL[0])
    build.act(signed_in, LOCAL[1], "outbreak_control")
    browser = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    browser.cookies = signed_in.cookies
    body = json.dumps({"words": "By the browser.", "place": MIDDLE})
    refused(browser.post("/api/v1/notes", body, content_type="application/json"), 403)
    page = browser.get(f"/places/{MIDDLE}/known").content.decode()
    token = re.search('name="csrfmiddlewaretoken" value="([^"]+)"', page).group(1)  # type: ignore[union-attr]
    headers = {"x-csrftoken": token, "origin": "http://localhost"}
    assert browser.post("/api/v1/notes", body, content_type="application/json", headers=headers).status_code == 201


@given(
    path=st.sampled_from(["/notes", "/signals/1/notes", "/signals/1/judgements", "/hypotheses", "/notes/1/answer"]),
    body=st.dictionaries(
        st.sampled_from(["words", "place", "verdict", "reason", "other_signal", "statement", "signal", "outcome", "setting"]),
        st.one_of(st.text(max_size=20), st.integers(), st.none(), st.sampled_from([MIDDLE, "merge", "E07000135", 2, 3])),
    ),
)  # fmt: skip
@example(path="/hypotheses", body={"statement": "A works", "place": MIDDLE, "signal": 5})  # no such signal
@settings(max_examples=40, deadline=None)
def test_nothing_typed_makes_a_fault_or_reaches_another_office(ask: Ask, path: str, body: Any) -> None:
    answer = ask(path, body)
    assert answer.status_code in (201, 400, 403, 404, 422), answer.content  # never 500
    assert known.notes(places.actor(*NEXT)) == []


def test_every_operation_is_described() -> None:
    paths = api.get_openapi_schema()["paths"]
    ours = [path for path in paths if re.search("/(notes|judgements|hypotheses|history|hide|show-again)(/|$)", path)]
    assert len(ours) == 13
    for path in ours:
        for operation in paths[path].values():
            assert len(operation["description"]) > 30, path
            assert {400, 401, 403, 404, 422} <= {int(status) for status in operation["responses"]}, path
