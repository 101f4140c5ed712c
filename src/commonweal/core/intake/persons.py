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


def components_of(record: Labels, identifier: Labels, records: int) -> Labels:
    """Join the records of one batch that share identifiers.

    `record` and `identifier` are two columns of one table: record number `record[i]` (from 0, below `records`) carries
    identifier number `identifier[i]` (from 0). Returns a component number for every record; a record without any
    identifier is a component of its own.
    """
    if records <= FEW:
        return _few_components(record, identifier, records)
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    size = records + (int(identifier.max()) + 1 if len(identifier) else 0)
    edges = coo_array((np.ones(len(record), np.int8), (record, records + identifier)), shape=(size, size))
    _, labels = connected_components(edges, directed=False)
    return np.asarray(labels[:records], np.int64)


def _few_components(record: Labels, identifier: Labels, records: int) -> Labels:
    parent = list(range(records))

    def root(member: int) -> int:
        while parent[member] != member:
            member = parent[member]
        return member

    first: dict[int, int] = {}
    for member, code in zip(record.tolist(), identifier.tolist(), strict=True):
        parent[root(member)] = root(first.setdefault(code, member))
    return np.array([root(member) for member in range(records)], np.int64)
