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
        lambda first, length, name, gone: Line(
            START + timedelta(hours=first), START + timedelta(hours=first + length), name, name,
            tuple((START + timedelta(hours=a), START + timedelta(hours=a + n)) for a, n in gone) if name else (),
        ),
        HOURS, st.integers(1, 12), st.sampled_from(["", "a", "b", "c"]),
        st.lists(st.tuples(HOURS, st.integers(1, 6)), max_size=2),
    ),
    max_size=6,
)  # fmt: skip


@given(LINES)
def test_every_hour_has_the_newest_line_that_covers_it_while_they_are_there_and_no_gap_or_overlap(
    lines: list[Line],
) -> None:
    found = cover(lines, START, START + timedelta(hours=24))
    assert (found[0].starts_at, found[-1].ends_at) == (START, START + timedelta(hours=24))
    said = [(line.name, line.missing) for line in found]
    assert all(a.ends_at == b.starts_at for a, b in itertools.pairwise(found))
    assert all(a != b for a, b in itertools.pairwise(said))
    for hour in range(24):
        moment = START + timedelta(hours=hour, minutes=30)
        expected = ("", "")
        for line in lines:
            if line.starts_at <= moment < line.ends_at:
                gone = any(start <= moment < stop for start, stop in line.gone)
                expected = ("", line.name) if gone else (line.name, "")
        assert [(each.name, each.missing) for each in found if each.starts_at <= moment < each.ends_at] == [expected]
