"""Retention ends what is old, keeps what is not, leaves an entry and a fingerprint; nobody else can remove a fact."""

from __future__ import annotations

import dataclasses
import hashlib

import pytest
from django.db import Error, connections

from commonweal.apps.access import actions, configuration, retention
from commonweal.apps.access.scope import Actor, scoped_read
from commonweal.apps.access.signin import accounts
from commonweal.core.access.retention import Rule, Schedule
from commonweal.core.errors import NotAllowed
from commonweal.web import db

from . import build
from .build import accept, agreement, browser, entries

OFFICE = "analyst-e06000016"


@pytest.fixture(scope="module", autouse=True)
def world(space: str) -> None:
    build.authorities(E06000016="Leicester")
    actions.invite("a@leicester.example", "A", [OFFICE])
    accept_all()


def accept_all() -> None:
    nation = build.office("nation", ["E06000016"])
    signed = agreement("E06000016", ["nation", "authority-e06000016"])
    accept(signed, nation)
    actions.invite("d@leicester.example", "D", ["director-of-public-health-e06000016"])
    director = accounts.require("d@leicester.example").person_id
    with db.recorded("app") as write:
        write.cursor.execute(
            "insert into access.acceptance (agreement_id, organisation_id, office_id, person_id, document_hash, tick_id)"
            " select id, 'authority-e06000016', 'director-of-public-health-e06000016', %s, document_hash, %s"
            " from access.agreement where id = %s",
            [director, write.tick, signed],
        )


def read_once() -> str:
    actor = Actor(accounts.require("a@leicester.example").person_id, OFFICE, "outbreak_control")
    with scoped_read(actor, query="test") as scope:
        return str(scope.read_id)


def age(read_ids: list[str], days: int) -> None:
    """Make entries look old, as only a superuser could: triggers and row security stand aside."""
    with connections["migrate"].cursor() as cursor:
        cursor.execute("alter table access.read_record disable trigger fact_is_kept")
        cursor.execute("set role none")
        cursor.execute(
            "update access.read_record set at = at - make_interval(days => %s) where id = any (%s::uuid[])",
            [days, read_ids],
        )
        assert cursor.rowcount == len(read_ids)
        cursor.execute("set role cw_owner")
        cursor.execute("alter table access.read_record enable trigger fact_is_kept")


def test_the_old_goes_with_an_entry_and_a_fingerprint_the_new_stays() -> None:
    old, young = sorted(read_once() for _ in range(3)), read_once()
    age(old, 6 * 365 + 2)
    outcome = {row["data"]: row for row in retention.run()}
    assert outcome["access_record"]["ended"] == 3
    left = {str(row["id"]) for row in db.rows("backup", "select id from access.read_record")}
    assert young in left
    assert not left & set(old)
    assert not db.rows("backup", "select 1 from access.read_rows where read_id = any (%s::uuid[])", [old])
    fingerprint = hashlib.sha256(" ".join(old).encode()).hexdigest()
    entry = next(e for e in entries("retention.ended") if e["subject"] == "access_record")
    assert (entry["body"]["ended"], entry["body"]["fingerprint"]) == (3, fingerprint)
    assert entry["body"]["rule"] == "access_record"


def test_running_again_changes_nothing_and_enters_nothing() -> None:
    retention.run()
    before = len(entries("retention.ended"))
    assert {row["data"]: row["ended"] for row in retention.run()}["access_record"] == 0
    assert len(entries("retention.ended")) == before


def test_expired_sessions_links_attempts_and_handles_go() -> None:
    browser("a@leicester.example", second_factor=False)
    accounts_with_link = actions.invite("b@leicester.example", "B", [])
    with db.transaction("authn") as cursor:
        cursor.execute("update authn.session set expires_at = clock_timestamp() - interval '2 days'")
        cursor.execute("update authn.invitation set expires_at = clock_timestamp() - interval '31 days'")
        cursor.execute("insert into authn.attempt values (sha256('x'), '1', clock_timestamp() - interval '1 second')")
    with connections["migrate"].cursor() as cursor:
        cursor.execute(
            "insert into access.handle values (sha256('h'), gen_random_uuid(), gen_random_uuid(), 'L1', '{}', 1, now(), now())"
        )
    outcome = {row["data"]: row["ended"] for row in retention.run()}
    assert outcome["expired_session"] >= 1
    assert outcome["expired_invitation"] >= 1
    assert outcome["expired_attempt"] == 1
    assert outcome["expired_handle"] == 1
    assert accounts.invited(accounts_with_link.token) is None


def test_data_that_no_room_keeps_yet_are_answered_with_nothing_rather_than_with_zero() -> None:
    schedule = Schedule("s", 1, (Rule("x", "data_of_a_later_room", 1, "a", "b", "c"),))
    assert [(row["data"], row["ended"]) for row in retention.run(schedule)] == [("data_of_a_later_room", None)]


def test_the_database_holds_the_floor_whatever_a_document_says() -> None:
    rules = [
        dataclasses.replace(rule, days=1) if rule.data == "access_record" else rule
        for rule in configuration.schedule().rules
    ]
    with pytest.raises(
        NotAllowed, match="access_record must be kept 365 days or longer; rule access_record says 1 days"
    ):
        retention.run(Schedule("mine", 1, tuple(rules)))


@pytest.mark.parametrize("alias", ["app", "authn", "ingest", "queue", "web", "retention"])
@pytest.mark.parametrize("statement", ["delete from access.read_record", "select access.end_access_records(now())"])
def test_cheat_nobody_else_removes_readings(alias: str, statement: str) -> None:
    with pytest.raises(Error, match="permission denied"):
        db.rows(alias, statement)


def test_cheat_not_even_the_owner_removes_readings_by_hand() -> None:
    read_once()
    with connections["migrate"].cursor() as cursor:
        cursor.execute("delete from access.read_record")
        assert cursor.rowcount == 0, "row security shows the owner nothing to remove outside retention"
        cursor.execute("set role none")
        with pytest.raises(Error, match="holds facts"):
            cursor.execute("delete from access.read_record")
        cursor.execute("set role cw_owner")


@pytest.mark.parametrize("alias", ["app", "authn", "ingest", "queue", "web", "backup"])
def test_only_the_role_for_it_runs_retention(alias: str) -> None:
    with pytest.raises(Error, match="permission denied"):
        db.rows(alias, "select * from access.run_retention('[]')")
