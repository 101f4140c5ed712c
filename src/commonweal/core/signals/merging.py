"""Signals that offices said to be one: which of them stands under which other one in a list."""

from __future__ import annotations

from collections.abc import Iterable

Edge = tuple[int, int]


def under(merges: Iterable[Edge]) -> list[Edge]:
    """Pairs (signal, another one that it was merged into, directly or by way of others), in order.

    merges: pairs (signal, merged into) as last said. Where signals were merged in a circle, the lowest number stands
    for all of it. Of a list of signals those are left out that have a pair with another one of the list; whichever are
    there, at least one of each circle or chain of them stays, and stands for the others.
    """
    into: dict[int, set[int]] = {}
    for signal, other in merges:
        into.setdefault(signal, set()).add(other)
    reached = {signal: _reached(signal, into) for signal in into}
    return sorted(
        (signal, head)
        for signal, heads in reached.items()
        for head in heads
        if head != signal and not (signal in reached.get(head, ()) and signal < head)
    )


def _reached(signal: int, into: dict[int, set[int]]) -> set[int]:
    """Every signal that one was merged into, by any way; itself in a circle."""
    found: set[int] = set()
    waiting = [signal]
    while waiting:
        for other in into.get(waiting.pop(), ()):
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found
