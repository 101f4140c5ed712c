"""A rota's lines against a slow look at every single moment."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from commonweal.core.desk.rota import Line, cover

START = datetime(2026, 6, 1, tzinfo=UTC)
HOURS = st.integers(-5, 30)
LINES = st.lists(
    st.builds(
        lambda first, length, name: Line(START + timedelta(hours=first), START + timedelta(hours=first + length), name, name),
        HOURS, st.integers(1, 12), st.sampled_from(["", "a", "b", "c"]),
    ),
    max_size=6,
)  # fmt: skip


@given(LINES)
def test_every_hour_has_the_newest_line_that_covers_it_and_no_gap_or_overlap(lines: list[Line]) -> None:
    found = cover(lines, START, START + timedelta(hours=24))
    assert (found[0].starts_at, found[-1].ends_at) == (START, START + timedelta(hours=24))
    assert all(a.ends_at == b.starts_at and a.name != b.name for a, b in itertools.pairwise(found))
    for hour in range(24):
        moment = START + timedelta(hours=hour, minutes=30)
        newest = [line.name for line in lines if line.starts_at <= moment < line.ends_at][-1:] or [""]
        assert [line.name for line in found if line.starts_at <= moment < line.ends_at] == newest
