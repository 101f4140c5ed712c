"""Cases: one person's episodes of infection, from the pathogen pack's rules.

Only the latest revision of each record counts; a void, a negative or a test type that never makes a case starts
nothing. The first positive specimen of a person starts an episode; positives up to and including `episode_days` after
it belong to it; the next one later starts another. So a case's date, and how many there are, depend only on the set of
results and never on the order in which they arrived.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from commonweal.core.intake.pathogen import PathogenPack

Days = npt.NDArray[np.int64]


@dataclass(frozen=True, order=True)
class Evidence:
    """A positive result that may start a case: its day, then whatever breaks ties (instant, record key)."""

    specimen_date: date
    tie_break: tuple[str, ...]


def makes_case(pack: PathogenPack, result: str, test_type: str) -> bool:
    """Whether a result of this value and test type can start or belong to a case."""
    return result == pack.case_result and test_type in pack.case_test_types


def episodes(positives: Iterable[tuple[Hashable, Evidence]], pack: PathogenPack) -> set[tuple[Hashable, Evidence]]:
    """The results that start a case, from (person, evidence) pairs of results that make one: the rule said plainly."""
    by_person: dict[Hashable, list[Evidence]] = {}
    for person, evidence in positives:
        by_person.setdefault(person, []).append(evidence)
    window = timedelta(days=pack.episode_days)
    started = set()
    for person, found in by_person.items():
        start: date | None = None
        for evidence in sorted(found):
            if start is None or evidence.specimen_date > start + window:
                start = evidence.specimen_date
                started.add((person, evidence))
    return started


def first_of_each_episode(person: Days, day: Days, episode_days: int) -> npt.NDArray[np.bool_]:
    """Which positives start a case, for many persons at once.

    `person` are integer labels and `day` specimen days as integers; rows must be sorted by person, then day, then
    tie-break. Each pass starts one episode of every person that has positives left and settles those within its
    window, so there are as many passes as the person with the most episodes has.
    """
    starts = np.zeros(len(person), bool)
    left = np.arange(len(person))
    while len(left):
        is_first = np.ones(len(left), bool)
        is_first[1:] = person[left[1:]] != person[left[:-1]]
        starts[left[is_first]] = True
        started = day[left[is_first]][np.cumsum(is_first) - 1]
        left = left[day[left] > started + episode_days]
    return starts
