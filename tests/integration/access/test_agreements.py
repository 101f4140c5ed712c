"""Both tiers accept on one page; records open to both at once or to neither; notice ends it for both."""

from __future__ import annotations

import re
import time

import pytest
from django.db import Error
from django.test import Client

from commonweal.apps.access import actions, agreements, queries
from commonweal.apps.access.scope import Actor, scoped_read
from commonweal.apps.access.signin import accounts
from commonweal.core.errors import NotAllowed, NotThere, Refused
from commonweal.web import db

from . import build
from .build import act, browser, entries

LOCAL, NATION = "director-of-public-health-e06000016", "national-decision-maker-e92000001"
AGREEMENT = "public-health-e06000016-1"


@pytest.fixture(autouse=True)
def world(fresh_space: str) -> None:
    build.authorities(E06000016="Leicester", E06000017="Rutland")
    actions.invite("director@leicester.example", "Director", [LOCAL])
    actions.invite("analyst@leicester.example", "Analyst", ["analyst-e06000016"])
    actions.invite("minister@nation.example", "Minister", [NATION])
    actions.invite("rutland@rutland.example", "Rutland", ["director-of-public-health-e06000017"])


def actor(email: str, office: str, purpose: str = "outbreak_control") -> Actor:
    return Actor(accounts.require(email).person_id, office, purpose)


def opened(reader: Actor, place: str = "E06000016") -> bool:
    try:
        with scoped_read(reader, query="test", data_class="L1", places=[place]) as scope:
            return scope.codes == (place,)
    except NotAllowed as refused:
        if "No data-sharing agreement in force" not in str(refused):
            raise
        return False


def in_browser(email: str, office: str) -> Client:
    client = browser(email)
    act(client, office, "outbreak_control")
    return client


def press_accept(client: Client, agreement: str = AGREEMENT) -> None:
    page = client.get(f"/agreements/{agreement}/").content.decode()
    fingerprint = re.search(r'name="hash" value="([0-9a-f]{64})"', page)
    assert fingerprint is not None
    assert "What we promise the people whose records these are" in page
    answer = client.post(f"/agreements/{agreement}/accept/", {"hash": fingerprint.group(1)})
    assert answer.status_code == 302, answer.content.decode()


def test_both_tiers_accept_on_one_page_in_moments_and_read_at_the_same_instant() -> None:
    local, nation = actor("director@leicester.example", LOCAL), actor("minister@nation.example", NATION)
    started = time.monotonic()
    director = in_browser("director@leicester.example", LOCAL)
    assert "One agreement waits for your organisation" in director.get("/agreements/").content.decode()
    press_accept(director)
    assert (opened(local), opened(nation)) == (False, False), "one acceptance opens nothing"
    page = director.get(f"/agreements/{AGREEMENT}/").content.decode()
    assert "Leicester (you): has accepted" in page
    assert "National health protection: has not accepted yet" in page
    press_accept(in_browser("minister@nation.example", NATION))
    assert (opened(local), opened(nation)) == (True, True)
    assert time.monotonic() - started < 20
    assert "in force" in director.get(f"/agreements/{AGREEMENT}/").content.decode()
    assert [e["office_id"] for e in entries("agreement.accepted")] == [LOCAL, NATION]
    assert entries("agreement.accepted")[0]["place_codes"] == ["E06000016"]


def test_an_office_without_the_permission_reads_the_text_and_cannot_answer() -> None:
    client = in_browser("analyst@leicester.example", "analyst-e06000016")
    page = client.get(f"/agreements/{AGREEMENT}/").content.decode()
    assert "may not accept agreements" in page
    assert "<form" not in page.split("fingerprint of this text")[1]
    row = queries.agreement(AGREEMENT)
    assert row is not None
    answer = client.post(f"/agreements/{AGREEMENT}/accept/", {"hash": bytes(row["document_hash"]).hex()})
    assert answer.status_code == 403


def test_others_agreements_are_not_shown_and_cannot_be_answered() -> None:
    client = in_browser("rutland@rutland.example", "director-of-public-health-e06000017")
    assert client.get(f"/agreements/{AGREEMENT}/").status_code == 404
    rutland = actor("rutland@rutland.example", "director-of-public-health-e06000017")
    with pytest.raises(NotAllowed, match="no office of a party"):
        agreements.accept(AGREEMENT, rutland)
    with pytest.raises(NotAllowed, match="no office of a party"):
        agreements.give_notice(AGREEMENT, rutland, "mine")


def test_another_text_than_the_one_read_is_not_accepted() -> None:
    client = in_browser("rutland@rutland.example", "director-of-public-health-e06000017")
    answer = client.post("/agreements/public-health-e06000017-1/accept/", {"hash": "0" * 64})
    assert answer.status_code == 400
    assert "Read it again" in answer.content.decode()
    assert queries.agreement("public-health-e06000017-1")["accepted"] == []  # type: ignore[index]


def test_a_second_offer_and_unknown_ones_are_refused() -> None:
    with pytest.raises(Refused, match="for E06000017 already"):
        agreements.offer("E06000017")
    with pytest.raises(Refused, match="no agreement template 'x'"):
        agreements.offer("E06000018", "x")
    with pytest.raises(NotThere, match="'local' of the agreement for E06000018 needs one organisation, found 0"):
        agreements.offer("E06000018")
    with pytest.raises(NotThere, match="no agreement 'x'"):
        agreements.accept("x", actor("minister@nation.example", NATION))


def test_the_database_refuses_a_notice_by_a_stranger_or_too_short() -> None:
    for organisation, sentence in (
        ("authority-e06000017", "is no party"),
        ("authority-e06000016", "no sooner than its notice"),
    ):
        with pytest.raises(Error, match=sentence), db.recorded("app") as write:
            write.cursor.execute(
                "insert into access.agreement_end values (%s, %s, commonweal.now() + case when %s = 'authority-e06000017'"
                " then interval '60 days' else interval '1 day' end, 'x', %s)",
                [AGREEMENT, organisation, organisation, write.tick],
            )


def test_notice_is_given_on_the_page_with_a_reason_and_both_read_until_it_has_run_out() -> None:
    for email, office in (("director@leicester.example", LOCAL), ("minister@nation.example", NATION)):
        agreements.accept(AGREEMENT, actor(email, office))
    client = in_browser("minister@nation.example", NATION)
    assert client.post(f"/agreements/{AGREEMENT}/end/", {"reason": " "}).status_code == 403
    assert client.post(f"/agreements/{AGREEMENT}/end/", {"reason": "a new text is needed"}).status_code == 302
    page = client.get(f"/agreements/{AGREEMENT}/").content.decode()
    assert "notice was given and it ends at" in page
    assert "National health protection (you): has accepted, has given notice" in page
    entry = entries("agreement.notice_given")[-1]
    assert entry["body"]["reason"] == "a new text is needed"
    assert opened(actor("director@leicester.example", LOCAL))
    assert opened(actor("minister@nation.example", NATION))
    with pytest.raises(NotAllowed, match="has given notice already"):
        agreements.give_notice(AGREEMENT, actor("minister@nation.example", NATION), "again")
    assert agreements.offer("E06000016") == "public-health-e06000016-2"
