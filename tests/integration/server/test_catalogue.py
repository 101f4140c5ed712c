"""The database's own catalogue against the rules, and against the committed table of everything it allows."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import psycopg
import pytest

from commonweal.server import catalogue, provider

COMMITTED = Path(__file__).resolve().parents[3] / "docs" / "reference" / "database-catalogue.txt"
NATURE = re.compile(r"^(fact|projection|operational|view): \S")
DJANGOS = {"migrations", "authn", "queue"}  # schemas of libraries; their rights are in the committed table all the same
TIER_WORDS = re.compile(r"organisation|office|kind|national|local|tier|role", re.IGNORECASE)


@pytest.fixture(scope="module")
def found(space: str) -> dict[str, list[dict[str, Any]]]:
    with psycopg.connect(provider.address("cw_backup", space).dsn) as connection:
        return catalogue.read(connection)


def schema(row: dict[str, Any]) -> str:
    return str(row["name"]).split(".")[0]


def test_everything_allowed_is_in_the_committed_table(found: dict[str, list[dict[str, Any]]]) -> None:
    described = catalogue.described(found)
    if os.environ.get("COMMONWEAL_WRITE_CATALOGUE"):
        COMMITTED.parent.mkdir(parents=True, exist_ok=True)
        COMMITTED.write_text(described)
    assert described.splitlines() == COMMITTED.read_text().splitlines(), (
        "the database allows something else than docs/reference/database-catalogue.txt says; "
        "if that is meant, run this test with COMMONWEAL_WRITE_CATALOGUE=1 and read the difference"
    )


def test_every_table_declares_its_nature(found: dict[str, list[dict[str, Any]]]) -> None:
    undeclared = [t["name"] for t in found["tables"] if schema(t) not in DJANGOS and not NATURE.match(t["comment"])]
    assert undeclared == []


def test_facts_refuse_change_and_emptying(found: dict[str, list[dict[str, Any]]]) -> None:
    guarded: dict[str, set[str]] = {}
    for trigger in found["triggers"]:
        guarded.setdefault(trigger["name"], set()).add(trigger["trigger"])
    facts = [t["name"] for t in found["tables"] if t["comment"].startswith("fact: ")]
    assert len(facts) > 10
    loose = [name for name in facts if not {"fact_is_kept", "fact_is_not_emptied"} <= guarded.get(name, set())]
    assert loose == []


def test_record_level_tables_force_row_security(found: dict[str, list[dict[str, Any]]]) -> None:
    weak = [t["name"] for t in found["tables"] if t["scoped"] and t["kind"] in "rp" and not t["forced"]]
    assert weak == []


def test_nothing_is_granted_on_a_partition(found: dict[str, list[dict[str, Any]]]) -> None:
    partitions = {t["name"] for t in found["tables"] if t["partition"]}
    assert [g for g in found["grants"] if g["name"] in partitions] == []


def test_no_policy_asks_for_tier_or_kind_of_organisation(found: dict[str, list[dict[str, Any]]]) -> None:
    for policy in found["policies"]:
        rule = re.sub(r"'[^']*'", "", f"{policy['using']} {policy['check']}")
        assert not TIER_WORDS.search(rule), f"{policy['name']} {policy['policy']}: {rule}"


def test_views_read_as_their_reader(space: str, found: dict[str, list[dict[str, Any]]]) -> None:
    with psycopg.connect(provider.address("cw_backup", space).dsn) as connection:
        plain = connection.execute(
            "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where c.relkind = 'v' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'"
            " and not coalesce(c.reloptions, '{}') @> '{security_invoker=true}'"
        ).fetchall()
    assert plain == []


def test_definer_functions_fix_their_search_path_and_are_not_for_everybody(
    found: dict[str, list[dict[str, Any]]],
) -> None:
    ours = [f for f in found["functions"] if schema(f) not in DJANGOS]
    assert [f["name"] for f in ours if f["definer"] and 'search_path=""' not in f["settings"]] == []
    assert [f["name"] for f in ours if f["open_to_all"] or "public" in f["callers"].split(",")] == []


def test_nothing_is_granted_to_everybody(found: dict[str, list[dict[str, Any]]]) -> None:
    assert [g for g in found["grants"] if g["role"] == "public"] == []


def test_run_time_roles_cannot_change_or_remove_facts(found: dict[str, list[dict[str, Any]]]) -> None:
    facts = {t["name"] for t in found["tables"] if t["comment"].startswith("fact: ")}
    too_much = [
        g for g in found["grants"] if g["name"] in facts and re.search("update|delete|truncate", g["privileges"])
    ]
    assert too_much == []


def test_nobody_but_the_three_passes_row_security(space: str) -> None:
    with psycopg.connect(provider.address("cw_backup", space).dsn) as connection:
        passing = connection.execute(
            "select rolname from pg_roles where rolbypassrls and rolname like 'cw\\_%'"
        ).fetchall()
        mighty = connection.execute(
            "select rolname from pg_roles where rolname like 'cw\\_%' and rolname <> 'cw_super'"
            " and (rolsuper or rolcreaterole or rolcreatedb or rolreplication)"
        ).fetchall()
    assert {row[0] for row in passing} - {"cw_super"} == {"cw_migrate", "cw_engine", "cw_backup"}
    assert mighty == []
