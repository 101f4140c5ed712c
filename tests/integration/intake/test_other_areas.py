"""Reads of other areas in many generated ways, by SQL as the application's role and by address: not one row."""

from __future__ import annotations

import random

import pytest
from django.db import Error
from django.test import Client

from commonweal.apps.access import actions, agreements, authorities
from commonweal.apps.access.scope import Actor, scoped_read
from commonweal.web import db
from tests.integration.access import build

from . import ground
from .world import as_csv, record, send

CITY, COUNTY, OFFICE = "E06000016", "E07000135", "director-of-public-health-e06000016"
NATION = "national-decision-maker-e92000001"
TABLES = (
    "record.result", "record.case_version", "counts.delta", "counts.delta_age", "counts.snapshot_area",
    "counts.snapshot_small", "counts.snapshot_age", "identity.sealed",
)  # fmt: skip
CONDITIONS = (
    "true", "scope_ltla = 'E07000135'", "scope_ltla <> 'E06000016'", "scope_ltla like 'E07%%' or true",
    "scope_ltla in (select place_code from access.mandate)", "not (scope_ltla = 'E06000016') is true",
)  # fmt: skip
SETTINGS = ("set local row_security = off", "select set_config('app.handle', 'x', true)", "set local role cw_owner")


@pytest.fixture(scope="module")
def director(tokens: dict[str, str]) -> Actor:
    """The city's director and the nation's desk have accepted; positives lie in the city and in the county."""
    ground.lay()
    ground.offices()
    people = {
        office: Actor(
            actions.invite(f"{office}@example.org", "Somebody", [office]).person_id, office, "outbreak_control"
        )
        for office in (OFFICE, NATION)
    }
    (offered,) = (
        row["id"] for row in db.rows("app", "select id from access.agreement_state where place_code = %s", [CITY])
    )
    for actor in people.values():
        agreements.accept(offered, actor)
    both = [record(record_id="O1", person_id="O1", result="positive")]
    both.append(record(record_id="O2", person_id="O2", result="positive", postcode="LE18 1AA"))
    send(as_csv(*both))
    db.value("app", "select counts.make_snapshot(1)")
    return people[OFFICE]


def test_no_sql_of_the_application_reads_another_area(director: Actor) -> None:
    rng, asked, own = random.Random(5), 0, 0
    while asked < 300:
        with scoped_read(director, query="attempts", data_class=rng.choice(["L1", "L2"])) as scope:
            for _ in range(30):
                scope.cursor.execute("savepoint attempt")
                asked += 1
                try:
                    if rng.random() < 0.2:
                        scope.cursor.execute(rng.choice(SETTINGS))
                    table, condition = rng.choice(TABLES), rng.choice(CONDITIONS)
                    found = scope.rows(f"select scope_ltla from {table} where {condition}")
                    own += len(found)
                    assert {row["scope_ltla"] for row in found} <= {CITY}, (table, condition)
                except Error:
                    pass
                scope.cursor.execute("rollback to savepoint attempt")
    assert own, "the city's own rows are there to be read"
    assert db.rows("backup", "select 1 from record.result where scope_ltla = %s", [COUNTY]), "and the county's exist"


def test_no_address_gives_another_area(director: Actor) -> None:
    client: Client = build.browser(f"{OFFICE}@example.org")
    build.act(client, OFFICE, "outbreak_control")
    assert client.get(f"/my-area?place={CITY}").status_code == 200
    assert client.get(f"/api/v1/results?place={CITY}").status_code == 200
    for path in (
        "/my-area?place={}", "/my-area/curve.csv?place={}", "/my-area/latest.xlsx?place={}", "/my-area/areas.csv?place={}",
        "/my-area/live?place={}&since=2020-01-01T00:00:00Z",
    ):  # fmt: skip
        for place in (COUNTY, "E10000018", "E07000130", "nowhere", "E07000135' or '1'='1"):
            answer = client.get(path.format(place))
            assert answer.status_code in (400, 403, 404) or answer.streaming, (path, place, answer.status_code)
    items = client.get("/api/v1/results").json()["items"]
    assert items
    assert COUNTY not in str(items)


PARTS = {
    "counts.snapshot_whole": ("counts.snapshot_area", "specimen_day, pillar, test_type, result"),
    "counts.snapshot_whole_age": ("counts.snapshot_age", "specimen_day, age_band, sex, result"),
}


@pytest.mark.parametrize("table", PARTS)
def test_a_sum_is_read_by_whoever_reads_all_its_parts_and_equals_them(director: Actor, table: str) -> None:
    parts, columns = PARTS[table]
    with scoped_read(director, query="sums", data_class="L1") as scope:
        assert scope.rows(f"select n from {table}") == []
    assert db.rows("backup", f"select n from {table}"), "there is something to be read"
    if not db.rows(
        "app", "select 1 from access.agreement_state where place_code = %s and state = 'in_force'", [COUNTY]
    ):
        authorities.ensure({COUNTY: "Oadby and Wigston"})
        held = [
            row["id"]
            for row in db.rows("authn", "select id from access.office where organisation_id = %s and 'accept_agreement' = any (permissions)",
                               [authorities.organisation_id(COUNTY)])
        ]  # fmt: skip
        assert held
        chief = Actor(actions.invite("county@example.org", "Somebody", held[:1]).person_id, held[0], "outbreak_control")
        (offered,) = db.rows("app", "select id from access.agreement_state where place_code = %s", [COUNTY])
        agreements.accept(offered["id"], chief)
        agreements.accept(offered["id"], nation())
    with scoped_read(nation(), query="sums", data_class="L1") as scope:
        assert set(scope.codes) == {CITY, COUNTY}
        whole = scope.rows(f"select {columns}, n from {table} order by {columns}")
        summed = scope.rows(f"select {columns}, sum(n)::bigint as n from {parts} group by {columns} order by {columns}")
    assert whole == summed
    assert whole


def nation() -> Actor:
    (row,) = db.rows("authn", "select person_id from access.current_appointment where office_id = %s", [NATION])
    return Actor(row["person_id"], NATION, "outbreak_control")
