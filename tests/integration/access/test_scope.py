"""Law 5 attacked: without a scope nothing, with one the own places only, and no way round as the application's role."""

from __future__ import annotations

import psycopg
import pytest
from django.db import Error, connections

from commonweal.apps.access.scope import Actor, ScopeMissing, scoped_read
from commonweal.core.errors import NotAllowed
from commonweal.server import provider
from commonweal.web import db

from .build import accept, agreement, appoint, office

PLACES = ["E06000001", "E06000002", "E06000003"]


@pytest.fixture(scope="module")
def world(space: str) -> dict[str, Actor]:
    """A partitioned record-level table with rows of three authorities; the agreement of the first two is in force."""
    with connections["migrate"].cursor() as cursor:
        cursor.execute("insert into places.scope_cover select c, c from unnest(%s::text[]) c", [PLACES])
        cursor.execute("create schema if not exists record")
        cursor.execute("grant usage on schema record to cw_app, cw_ingest")
        cursor.execute(
            "create table record.proof (id bigint, known_month date not null, scope_ltla text not null, tick_id bigint,"
            " primary key (known_month, id)) partition by range (known_month)"
        )
        cursor.execute("call commonweal.declare_fact('record.proof', 'a record-level table')")
        cursor.execute("call access.protect('record.proof', 'L2')")
        cursor.execute("grant select on record.proof to cw_app; grant select, insert on record.proof to cw_ingest")
        cursor.execute("select commonweal.make_month_partition('record.proof', '2020-06-01')")
    with db.recorded("ingest") as write:
        for number in range(300):
            write.cursor.execute(
                "insert into record.proof values (%s, '2020-06-01', %s, %s)", [number, PLACES[number % 3], write.tick]
            )
    actors = {"nation": office("nation", PLACES)}
    for place in PLACES:
        actors[place] = office(place.lower(), [place], "unitary_authority")
    for place in PLACES[:2]:
        signed = agreement(place, ["nation", place.lower()])
        accept(signed, actors["nation"])
        accept(signed, actors[place])
    agreement(PLACES[2], ["nation", PLACES[2].lower()])
    return actors


def visible(actor: Actor, **options: object) -> dict[str, int]:
    with scoped_read(actor, query="test", **options) as scope:  # type: ignore[arg-type]
        rows = scope.rows("select scope_ltla, count(*) as n from record.proof group by 1")
    return {row["scope_ltla"]: row["n"] for row in rows}


def test_a_scope_reads_its_places_and_no_others(world: dict[str, Actor]) -> None:
    assert visible(world["E06000001"]) == {"E06000001": 100}
    assert visible(world["nation"]) == {"E06000001": 100, "E06000002": 100}
    assert visible(world["nation"], places=["E06000002"]) == {"E06000002": 100}


def test_without_a_scope_there_is_nothing(world: dict[str, Actor]) -> None:
    assert db.rows("app", "select * from record.proof") == []
    with pytest.raises(ScopeMissing, match="needs an office"), scoped_read(None, query="test"):
        pass


def test_a_place_without_an_agreement_is_refused_with_the_one_that_is_missing(world: dict[str, Actor]) -> None:
    with pytest.raises(NotAllowed, match=r'Missing: "Sharing for E06000003" \(offered; not yet accepted by'):
        visible(world["E06000003"])
    with pytest.raises(NotAllowed, match="no mandate over E06000002"):
        visible(world["E06000001"], places=["E06000002"])


def test_identifiable_data_need_an_agreement_of_their_class(world: dict[str, Actor]) -> None:
    with pytest.raises(NotAllowed, match="L3"):
        visible(world["E06000001"], data_class="L3")


def test_another_purpose_is_refused(world: dict[str, Actor]) -> None:
    curious = Actor(world["E06000001"].person_id, world["E06000001"].office_id, "marketing")
    with pytest.raises(NotAllowed, match="does not act for the purpose"):
        visible(curious)


def test_somebody_elses_office_is_refused(world: dict[str, Actor]) -> None:
    stranger = Actor(world["E06000002"].person_id, world["E06000001"].office_id, "outbreak_control")
    with pytest.raises(NotAllowed, match="do not hold the office"):
        visible(stranger)


def test_the_access_record_is_there_before_the_first_row_and_survives_a_rollback(world: dict[str, Actor]) -> None:
    count = "select count(*) from access.read_record where query = 'broken off'"
    with (
        pytest.raises(RuntimeError),
        scoped_read(world["E06000001"], query="broken off", filters={"ward": "x"}) as scope,
    ):
        assert db.value("backup", count) == 1
        scope.rows("select * from record.proof")
        raise RuntimeError("the reader fails")
    entry = db.one("backup", "select * from access.read_record where query = 'broken off'")
    assert entry is not None
    assert entry["person_id"] == world["E06000001"].person_id
    assert entry["purpose"] == "outbreak_control"
    assert entry["filters"] == {"ward": "x"}
    assert entry["place_codes"] == ["E06000001"]


def test_who_looked_shows_both_tiers_to_both(world: dict[str, Actor]) -> None:
    visible(world["nation"])
    sql = "select distinct office_id from access.read_record where query = 'test'"
    with scoped_read(world["E06000001"], query="who looked", data_class="L1") as scope:
        local_view = {row["office_id"] for row in scope.rows(sql)}
    with scoped_read(world["nation"], query="who looked", data_class="L1", places=["E06000001"]) as scope:
        national_view = {row["office_id"] for row in scope.rows(sql)}
    assert {"nation-office", "e06000001-office"} <= local_view
    assert "e06000002-office" not in local_view
    assert local_view == national_view


def test_an_ended_appointment_closes_an_open_handle(world: dict[str, Actor]) -> None:
    leaver = appoint("e06000001-office", "Somebody who leaves", "deputy")
    with scoped_read(leaver, query="test") as scope:
        assert scope.one("select count(*) as n from record.proof")["n"] == 100
        with db.recorded("authn") as write:
            write.cursor.execute(
                "insert into access.appointment_end select id, commonweal.now(), 'left', %s from access.appointment"
                " where person_id = %s",
                [write.tick, leaver.person_id],
            )
        assert scope.one("select count(*) as n from record.proof")["n"] == 0


def test_when_one_side_ends_an_agreement_it_ends_for_both(world: dict[str, Actor]) -> None:
    assert visible(world["nation"], places=["E06000002"])
    with db.recorded("app") as write:
        write.cursor.execute(
            "insert into access.agreement_end values ('sharing-e06000002', 'e06000002', commonweal.now(), 'reviewed', %s)",
            [write.tick],
        )
    for actor in (world["nation"], world["E06000002"]):
        with pytest.raises(NotAllowed, match="No data-sharing agreement in force"):
            visible(actor, places=["E06000002"])


ATTACKS = [
    "select * from record.proof_202006",
    "select * from access.handle",
    "insert into access.handle values ('x', gen_random_uuid(), gen_random_uuid(), 'L3', '{E06000002}', 1, now(), now())",
    "select * from access.mint(gen_random_uuid(), 'nation-office', 'outbreak_control', 'L2', 'q', '{}', null, null, 1, now())",
    "select access.renew('x')",
    "set role cw_owner",
    "set session authorization cw_ingest",
    "alter table record.proof disable row level security",
    "create table record.mine (a int)",
    "create temp table mine (a int)",
    "create function pg_temp.f() returns int language sql as 'select 1'",
    "select pg_read_file('/etc/passwd')",
    "select pg_terminate_backend(1)",
    "select lo_create(0)",
    "copy record.proof to program 'cat'",
    "select * from authn.django_session",
    "insert into record.proof values (1, '2020-06-01', 'E06000001', 1)",
    "delete from access.read_record",
    "update access.agreement set classes = '{L3}'",
]


@pytest.mark.parametrize("statement", ATTACKS)
def test_cheat_by_raw_sql_is_refused(world: dict[str, Actor], statement: str) -> None:
    with (
        pytest.raises(Error, match=r"permission denied|must be|cannot set|does not exist"),
        scoped_read(world["E06000001"], query="attack") as scope,
    ):
        scope.rows(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "select count(*) as n from record.proof where scope_ltla <> 'E06000001'",
        "select count(*) as n from record.proof where scope_ltla <> 'E06000001' or true and scope_ltla = 'E06000003'",
        "select count(*) as n from record.proof p where p.scope_ltla = any (array['E06000002', 'E06000003'])",
    ],
)
def test_cheat_by_wider_conditions_finds_nothing(world: dict[str, Actor], statement: str) -> None:
    with scoped_read(world["E06000001"], query="attack") as scope:
        assert scope.one(statement)["n"] == 0


def test_cheat_row_security_off_is_an_error_not_rows(world: dict[str, Actor]) -> None:
    with pytest.raises(Error, match="row-level security"), scoped_read(world["E06000001"], query="attack") as scope:
        scope.cursor.execute("set local row_security = off")
        scope.rows("select * from record.proof")


def test_cheat_with_a_forged_or_borrowed_handle(world: dict[str, Actor], space: str) -> None:
    """A second session of the same role, free to run any SQL, learns no handle and cannot use a stolen one."""
    with (
        scoped_read(world["E06000001"], query="victim") as scope,
        psycopg.connect(provider.address("cw_app", space).dsn, autocommit=True) as thief,
    ):
        stolen = scope.rows("select current_setting('app.handle') as handle")[0]["handle"]
        seen = thief.execute("select coalesce(query, '') from pg_stat_activity").fetchall()
        assert all(stolen not in row[0] for row in seen)
        assert thief.execute("select count(*) from pg_stats where schemaname = 'record'").fetchone() == (0,)
        for handle in (stolen, "forged", ""):
            thief.execute("select set_config('app.handle', %s, false)", [handle])
            assert thief.execute("select count(*) from record.proof").fetchone() == (0,)
        assert scope.one("select count(*) as n from record.proof")["n"] == 100


def test_after_the_block_the_connection_reads_nothing(world: dict[str, Actor]) -> None:
    with scoped_read(world["E06000001"], query="test") as scope:
        assert scope.one("select count(*) as n from record.proof")["n"] == 100
        handle = scope.rows("select current_setting('app.handle') as handle")[0]["handle"]
    assert db.rows("app", "select * from record.proof") == []
    with db.transaction("app") as cursor:
        cursor.execute("select set_config('app.handle', %s, true)", [handle])
        assert db.fetch(cursor, "select * from record.proof") == []
