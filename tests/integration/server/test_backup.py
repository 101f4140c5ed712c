"""A backup put back by PostgreSQL's own programs: the same facts, nothing that was erased, nobody let in before."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import django
import psycopg
import pytest
from click.testing import CliRunner, Result
from django.apps import apps

if not apps.ready:
    django.setup()

from commonweal.apps.access import actions, subjects
from commonweal.apps.access.subjects import Erasure
from commonweal.apps.intake import erasing
from commonweal.cli import commands
from commonweal.core.errors import NotThere, Refused
from commonweal.server import backups, provider, spaces
from commonweal.server.binaries import wheel_binaries
from commonweal.server.home import Home
from commonweal.site import installation, restoring
from commonweal.web import db
from tests.conftest import make_space, point_django_at, remove_space
from tests.integration.access.build import entries
from tests.integration.intake import ground, world
from tests.integration.intake.world import as_csv, record, send

NUMBER = "9434765919"
DECIDED = Erasure("data-protection-officer-e06000016", "objection")
FACTS = """
select (select count(*) from record.result)::int as results, (select count(*) from ledger.entry)::int as entries,
       (select max(id) from ledger.tick)::int as tick, (select coalesce(sum(n), 0) from counts.delta)::int as counted,
       (select count(*) from identity.sealed where wrapped_key is not null)::int as open
"""


@pytest.fixture
def here(template: str) -> Iterator[str]:
    """Leicester with two records of one person, in a space that a backup can be put back as."""
    name = make_space(template, "exercise")
    world.make_places()
    ground.offices()
    world.make_laboratory("lab-one")
    send(as_csv(record(nhs_number=NUMBER, record_id="A1", result="positive"), record(record_id="B1", person_id="bob")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMMONWEAL_SPACE", name)
        patch.setattr(installation, "open_existing", lambda name: None)
        patch.setattr(installation, "use_space", point_django_at)
        yield name
    remove_space(name)


def facts() -> dict[str, int]:
    found: dict[str, int] = db.rows("backup", FACTS)[0]
    return found


def ran(line: str) -> Result:
    return CliRunner().invoke(commands, shlex.split(line))


def may_connect(space: str, role: str) -> bool:
    with psycopg.connect(provider.ensure_server(), autocommit=True) as connection:
        row = connection.execute(
            "select has_database_privilege(%s, %s, 'connect')", [role, provider.database_name(space)]
        ).fetchone()
    assert row is not None
    return bool(row[0])


def test_a_backup_put_back_is_the_same_and_what_was_erased_since_stays_erased(here: str, tmp_path: Path) -> None:
    before = facts()
    done = ran(f"backup {tmp_path / 'monday'} --json")
    assert done.exit_code == 0, done.output
    manifest = json.loads(done.output)
    assert (manifest["space"], manifest["kind"], manifest["results"]) == (here, "exercise", before["results"])
    assert (tmp_path / "monday" / backups.DUMP).stat().st_mode & 0o077 == 0
    assert subjects.erase_tested_person(subjects.TestedPerson(NUMBER, None, None, None), DECIDED) == 1
    send(as_csv(record(record_id="C1")))
    remove_space(here)
    done = ran(f"restore {tmp_path / 'monday'}")
    assert "1 records that had been erased since open no more again." in done.output
    assert "Everybody has to sign in anew." in done.output
    after = facts()
    assert {**after, "entries": 0, "tick": 0} == {**before, "entries": 0, "tick": 0, "open": before["open"] - 1}
    assert after["tick"] > before["tick"], "that it was erased again is known from now on"
    assert erasing.undone() == []
    assert entries("access.everybody_signed_out")
    assert may_connect(here, "cw_app")
    send(as_csv(record(record_id="D1")))
    assert facts()["results"] == before["results"] + 1, "it goes on"


def test_no_key_is_in_a_backup(here: str, tmp_path: Path) -> None:
    backups.take(tmp_path / "b", here)
    raw = b"".join(path.read_bytes() for path in (tmp_path / "b").iterdir())
    secrets = [path.read_bytes().strip() for path in Home.current().keys.rglob("*") if path.is_file()]
    assert secrets
    assert all(len(secret) < 16 or secret not in raw for secret in secrets)
    plain = subprocess.run(
        [wheel_binaries().program("pg_restore"), "--file=-", str(tmp_path / "b" / backups.DUMP)],
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    assert b"record.result" in plain
    assert all(len(secret) < 16 or secret not in plain for secret in secrets)


def test_a_space_that_is_there_is_never_overwritten(here: str, tmp_path: Path) -> None:
    assert ran(f"backup {tmp_path / 'b'}").exit_code == 0
    before = facts()
    with pytest.raises(Refused, match=f"commonweal space remove {here}"):
        restoring.restore(tmp_path / "b")
    assert facts() == before
    with pytest.raises(Refused, match="is there already"):
        backups.take(tmp_path / "b", here)
    with pytest.raises(NotThere, match="There is no space 'nowhere'"):
        backups.take(tmp_path / "c", "nowhere")


def test_a_backup_that_was_cut_or_is_none_is_refused_before_anything_is_made(here: str, tmp_path: Path) -> None:
    backups.take(tmp_path / "b", here)
    remove_space(here)
    dump = tmp_path / "b" / backups.DUMP
    dump.write_bytes(dump.read_bytes()[:-1])
    with pytest.raises(Refused, match="it was cut or changed"):
        restoring.restore(tmp_path / "b")
    with pytest.raises(NotThere, match="holds no backup"):
        restoring.restore(tmp_path)
    (tmp_path / "b" / backups.MANIFEST).write_text("{")
    with pytest.raises(Refused, match="cannot be read"):
        restoring.restore(tmp_path / "b")
    assert here not in spaces.listing()


def test_nobody_is_let_in_before_erasures_are_carried_out_and_a_stopped_restore_begins_again(
    here: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backups.take(tmp_path / "b", here)
    subjects.erase_tested_person(subjects.TestedPerson(NUMBER, None, None, None), DECIDED)
    remove_space(here)

    def stops() -> int:
        assert not any(may_connect(here, role) for role in ("cw_app", "cw_ingest", "cw_engine", "cw_web", "cw_queue"))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(subjects, "erase_again", stops)
        with pytest.raises(KeyboardInterrupt):
            restoring.restore(tmp_path / "b")
    assert not may_connect(here, "cw_app")
    for verb in (spaces.require, spaces.create_database):
        with pytest.raises(Refused, match="was interrupted, and the space is closed"):
            verb(here)
    assert restoring.restore(tmp_path / "b").erased_again == 1
    spaces.require(here)
    assert may_connect(here, "cw_app")


def test_a_restore_that_was_killed_begins_again(here: str, tmp_path: Path) -> None:
    before = facts()
    backups.take(tmp_path / "b", here)
    remove_space(here)
    program = "import sys, pathlib; from commonweal.server import backups; backups.put_back(pathlib.Path(sys.argv[1]))"
    for seconds in (0.4, 0.9, 1.6):
        with subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "b")], env=os.environ) as process:
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
        if here in spaces.listing():
            with pytest.raises(Refused, match="was interrupted"):
                spaces.require(here)
    restoring.restore(tmp_path / "b")
    assert facts()["results"] == before["results"]


def test_sessions_end_with_a_restore(here: str) -> None:
    with db.recorded("authn") as write:
        write.cursor.execute("select count(*) from authn.session")
    assert actions.sign_everybody_out("a test") == 0
    assert entries("access.everybody_signed_out")[-1]["body"]["reason"] == "a test"
