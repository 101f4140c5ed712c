"""Law: whatever the order of arrival and however records are cut into batches, the persons and cases are the same."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import date, timedelta

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from commonweal.core.intake.episodes import Evidence, episodes, first_of_each_episode, makes_case
from commonweal.core.intake.pathogen import PathogenPack
from commonweal.core.intake.persons import FEW, Traces, components_of, conflicted, link

NODES = st.sampled_from([f"{kind}{name}" for kind in "123" for name in "abcd"])
TRACES = st.builds(
    Traces,
    st.lists(NODES, min_size=1, max_size=3, unique=True).map(lambda nodes: tuple(sorted(nodes))),
    st.sampled_from([None, None, "1980", "1990"]),
    st.sampled_from([None, "unknown", "female", "female", "male"]),
)


def partition(labels: Sequence[Hashable]) -> set[frozenset[int]]:
    groups: dict[Hashable, set[int]] = {}
    for record, label in enumerate(labels):
        groups.setdefault(label, set()).add(record)
    return {frozenset(group) for group in groups.values()}


class Store:
    """What the database keeps, in plain Python: links lie in components; a batch can only make components grow."""

    def __init__(self) -> None:
        self.component: dict[Hashable, int] = {}
        self.members: dict[int, list[Traces]] = {}

    def take(self, batch: Sequence[Traces]) -> None:
        nodes = sorted({node for record in batch for node in record.identifiers})
        pairs = [(place, nodes.index(n)) for place, record in enumerate(batch) for n in record.identifiers]
        columns = np.array(pairs, np.int64).reshape(-1, 2)
        local = components_of(columns[:, 0], columns[:, 1], len(batch)).tolist()
        for number in sorted(set(local)):
            records = [record for record, own in zip(batch, local, strict=True) if own == number]
            touched = sorted({self.component[n] for r in records for n in r.identifiers if n in self.component})
            kept = touched[0] if touched else len(self.component) + len(self.members)
            for gone in touched[1:]:
                self.members[kept] += self.members.pop(gone)
                self.component = {node: kept if own == gone else own for node, own in self.component.items()}
            self.members.setdefault(kept, []).extend(records)
            self.component |= dict.fromkeys((node for record in records for node in record.identifiers), kept)

    def person(self, record: Traces) -> Hashable:
        own = self.component[record.identifiers[0]]
        return record.identifiers[0] if conflicted(self.members[own]) else own


@settings(max_examples=300, deadline=None)
@given(records=st.lists(TRACES, min_size=1, max_size=12), data=st.data())
def test_any_order_and_batching_gives_the_persons_of_the_plain_rule(records: list[Traces], data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(records))))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(records)))) | {len(records)})
    store, start = Store(), 0
    for cut in cuts:
        store.take([records[place] for place in order[start:cut]])
        start = cut
    assert partition([store.person(record) for record in records]) == partition(link(records))


@settings(max_examples=100, deadline=None)
@given(
    edges=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 12)), max_size=60),
    beyond=st.sampled_from([0, FEW]),
)
def test_array_components_agree_with_the_plain_ones(edges: list[tuple[int, int]], beyond: int) -> None:
    columns = np.array(edges, np.int64).reshape(-1, 2)
    records = 31 + beyond
    found = components_of(columns[:, 0], columns[:, 1], records).tolist()
    traces = [
        Traces(tuple(f"n{node}" for record, node in edges if record == place) or (f"own{place}",))
        for place in range(records)
    ]
    assert partition(found) == partition(link(traces))


DAYS = st.integers(0, 400).map(lambda day: date(2020, 3, 1) + timedelta(days=day))


@settings(max_examples=200, deadline=None)
@example(rows=[("p", date(2020, 3, 1)), ("p", date(2020, 5, 30)), ("p", date(2020, 5, 31))], order=[2, 0, 1])
@given(
    rows=st.lists(st.tuples(st.sampled_from("pqr"), DAYS), max_size=20, unique=True),
    order=st.permutations(range(20)),
)
def test_array_episodes_agree_with_the_plain_ones_in_any_order(
    rows: list[tuple[str, date]], order: list[int], pack: PathogenPack
) -> None:
    shuffled = [rows[place] for place in order if place < len(rows)]
    plain = episodes([(person, Evidence(day, ())) for person, day in shuffled], pack)
    ordered = sorted(rows)
    person = np.array([ord(name) for name, _ in ordered], np.int64)
    day = np.array([each.toordinal() for _, each in ordered], np.int64)
    starts = first_of_each_episode(person, day, pack.episode_days)
    assert {row for row, is_start in zip(ordered, starts, strict=True) if is_start} == {
        (name, evidence.specimen_date) for name, evidence in plain
    }


def test_day_90_belongs_to_the_episode_and_day_91_starts_another(pack: PathogenPack) -> None:
    first = date(2020, 3, 1)
    days = [first, first + timedelta(days=90), first + timedelta(days=91)]
    started = episodes([("p", Evidence(day, ())) for day in days], pack)
    assert sorted(evidence.specimen_date for _, evidence in started) == [days[0], days[2]]


def test_an_antibody_test_never_makes_a_case(pack: PathogenPack) -> None:
    assert not makes_case(pack, "positive", "antibody")
    assert makes_case(pack, "positive", "pcr")
    assert not makes_case(pack, "void", "pcr")
