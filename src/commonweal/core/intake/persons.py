"""Which records are of one person.

Identifiers are nodes; a record connects all identifiers it carries; a person is a connected component. Components only
ever grow, so the outcome does not depend on the order in which records arrive or on how they are cut into batches.

A component in which two different birth dates, or two different known sexes, occur is *conflicted*: its joins are
refused. Each of its records then belongs to the person of its own strongest identifier, and a review is raised. Every
version of a record ever stored counts; a component once conflicted stays so.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.int64]

# up to this many records are joined in plain Python, which needs no sparse matrix
FEW = 64


@dataclass(frozen=True)
class Traces:
    """What one record says of its person: identifiers strongest first, birth date and sex where known."""

    identifiers: tuple[Hashable, ...]
    birth: Hashable | None = None
    sex: str | None = None


def link(records: Sequence[Traces]) -> list[Hashable]:
    """The person of every record, as a label: the rule as one would say it, for all records at once.

    The label is a component's smallest identifier (by its text), or in a conflicted one the record's strongest.
    """
    components: list[tuple[set[Hashable], list[Traces]]] = []
    for record in records:
        nodes, members = set(record.identifiers), [record]
        apart = []
        for other in components:
            if other[0] & nodes:
                nodes |= other[0]
                members += other[1]
            else:
                apart.append(other)
        components = [*apart, (nodes, members)]
    labels: list[Hashable] = []
    for record in records:
        nodes, members = next(found for found in components if record.identifiers[0] in found[0])
        labels.append(record.identifiers[0] if conflicted(members) else min(nodes, key=repr))
    return labels


def conflicted(members: Iterable[Traces]) -> bool:
    """Whether two different birth dates or two different known sexes occur."""
    births, sexes = set(), set()
    for record in members:
        births.add(record.birth)
        sexes.add(record.sex)
    return len(births - {None}) > 1 or len(sexes - {None, "unknown"}) > 1


def components_of(identifiers: Sequence[Labels]) -> tuple[Labels, int]:
    """Join the records of one batch that share identifiers.

    `identifiers` holds one array a kind, each with a code a record (equal codes are equal identifiers, also across
    kinds; -1 where the record has none of that kind). Returns a component number for every record, counted from 0, and
    how many there are. A record without any identifier is a component of its own.
    """
    records = len(identifiers[0]) if identifiers else 0
    if records <= FEW:
        return _few_components(identifiers, records)
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows = np.concatenate([np.flatnonzero(codes >= 0) for codes in identifiers])
    nodes = np.concatenate([codes[codes >= 0] for codes in identifiers])
    size = records + (int(nodes.max()) + 1 if len(nodes) else 0)
    edges = coo_array((np.ones(len(rows), np.int8), (rows, records + nodes)), shape=(size, size))
    _, labels = connected_components(edges, directed=False)
    different, numbered = np.unique(labels[:records], return_inverse=True)
    return numbered.astype(np.int64), len(different)


def _few_components(identifiers: Sequence[Labels], records: int) -> tuple[Labels, int]:
    parent = list(range(records))

    def root(record: int) -> int:
        while parent[record] != record:
            record = parent[record]
        return record

    first: dict[int, int] = {}
    for codes in identifiers:
        for record, code in enumerate(codes.tolist()):
            if code >= 0:
                parent[root(record)] = root(first.setdefault(code, record))
    different, numbered = np.unique([root(record) for record in range(records)], return_inverse=True)
    return numbered.astype(np.int64), len(different)


def conflicts_of(component: Labels, count: int, births: Labels, sexes: Labels) -> npt.NDArray[np.bool_]:
    """For each of `count` components whether its records disagree. `births` and `sexes` are codes, -1 where unknown."""
    answer = np.zeros(count, bool)
    for codes in (births, sexes):
        known = codes >= 0
        lowest, highest = np.full(count, np.iinfo(np.int64).max), np.full(count, -1)
        np.minimum.at(lowest, component[known], codes[known])
        np.maximum.at(highest, component[known], codes[known])
        answer |= highest > np.where(highest < 0, highest, lowest)
    return answer
