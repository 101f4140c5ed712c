"""Parts of other makers on the pages of signals and places."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.http import HttpRequest

from commonweal.apps.surveillance import slots

ASKED = slots.Asked(HttpRequest(), datetime(2020, 6, 13, tzinfo=UTC), False, ("E06000016",), "E06000016", {"number": 1})


def test_parts_stand_in_order_and_those_with_nothing_to_show_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "_providers", {slots.SIGNAL: {}, slots.PLACE: {}})
    seen: list[slots.Asked] = []

    def part(identity: str) -> slots.Provider:
        def provide(asked: slots.Asked) -> slots.Part | None:
            seen.append(asked)
            return slots.Part(identity, identity.title(), "x.html", {}) if identity != "nothing" else None

        return provide

    for place, name in ((30, "later"), (10, "first"), (20, "nothing")):
        slots.register(slots.SIGNAL, name, part(name), place)
    assert [each.identity for each in slots.parts(slots.SIGNAL, ASKED)] == ["first", "later"]
    assert seen == [ASKED] * 3
    assert slots.parts(slots.PLACE, ASKED) == ()
