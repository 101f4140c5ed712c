"""A space is what it was made as; its clock moves forward only, and in the live space not at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import Error

from commonweal.web import db
from tests.conftest import make_space, remove_space


@pytest.fixture
def exercise(template: str) -> Iterator[str]:
    name = make_space(template, "exercise")
    yield name
    remove_space(name)


@pytest.mark.usefixtures("fresh_space")
def test_the_live_clock_is_the_servers() -> None:
    with pytest.raises(Error, match="cannot be moved"):
        db.rows("migrate", "select commonweal.move_clock(now() + interval '1 day')")
    with pytest.raises(Error, match="permission denied"):
        db.rows("app", "select commonweal.move_clock(now())")
    with pytest.raises(Error, match="only a replay keeps"), db.transaction("app") as cursor:
        cursor.execute("select ledger.begin_tick()")
        cursor.execute("select ledger.close_tick(%s, now())", [cursor.fetchone()[0]])


@pytest.mark.usefixtures("exercise")
def test_an_exercise_clock_moves_forward_never_back() -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    moved = db.value("migrate", "select commonweal.move_clock(%s)", [tomorrow])
    assert abs(moved - tomorrow) < timedelta(seconds=5)
    assert db.freeze() > tomorrow - timedelta(seconds=5)
    with pytest.raises(Error, match="never back"):
        db.rows("migrate", "select commonweal.move_clock(now())")
    with pytest.raises(Error, match="written once"):
        db.rows("migrate", "update commonweal.space set kind = 'live', clock_offset = '0'")
    with pytest.raises(Error, match="stays"):
        db.rows("migrate", "delete from commonweal.space")
