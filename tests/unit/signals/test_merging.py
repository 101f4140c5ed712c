"""Which signal stands under which: held against a walk along every way."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from commonweal.core.signals.merging import Edge, under

numbers = st.integers(1, 6)
merges = st.sets(st.tuples(numbers, numbers).filter(lambda pair: pair[0] != pair[1]), max_size=8)


def test_a_chain_stands_under_its_end_and_a_circle_under_its_lowest() -> None:
    assert under([(3, 1)]) == [(3, 1)]
    assert under([(3, 2), (2, 1)]) == [(2, 1), (3, 1), (3, 2)]
    assert under([(1, 2), (2, 3), (3, 1)]) == [(2, 1), (3, 1), (3, 2)]
    assert under([]) == []


def ways(edges: set[Edge], start: int, end: int) -> bool:
    """Whether any order of other signals leads from one to the other."""
    between = sorted({each for pair in edges for each in pair} - {start, end})
    return any(
        all(pair in edges for pair in itertools.pairwise((start, *some, end)))
        for length in range(len(between) + 1)
        for some in itertools.permutations(between, length)
    )


@given(merges, st.sets(numbers))
def test_something_of_all_that_is_one_always_stays(edges: set[Edge], listed: set[int]) -> None:
    pairs = set(under(sorted(edges)))
    for start, end in itertools.permutations(range(1, 7), 2):
        there, back = ways(edges, start, end), ways(edges, end, start)
        assert ((start, end) in pairs) == (there and not (back and start < end))
    shown = {each for each in listed if not any(head in listed for signal, head in pairs if signal == each)}
    for each in listed - shown:
        assert any((each, head) in pairs for head in shown), "what is left out stands under something that is listed"
