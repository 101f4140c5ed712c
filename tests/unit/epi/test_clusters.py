"""Clusters told apart by marks are those that sets of sites tell apart."""

from __future__ import annotations

import numpy as np
import pytest

from commonweal.core.epi.scan import analysis, prepare


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("overlap", ["space_time", "space"])
def test_windows_that_end_together_are_accepted_as_by_sets(seed: int, overlap: str) -> None:
    rng = np.random.default_rng(seed)
    points, population = rng.normal(size=(60, 2)), rng.integers(500, 2000, 60).astype(float)
    count = rng.poisson(0.4 * population[:, None] / population.mean() * np.ones(14)).astype(float)
    prepared = prepare.poisson(count, population, points, prepare.Windows(longest=7))
    found = analysis.run(prepared, analysis.Inference(replicates=19), seed=1, overlap=overlap, most=60)
    best, order = found.best, prepared.circles.order
    wanted: list[frozenset[int]] = []
    for position in sorted(
        range(best.ratio.size), key=lambda k: (-round(best.ratio[k] / 1e-9), best.sites[k], best.centre[k])
    ):
        members = frozenset(order[best.centre[position], : best.sites[position]].tolist())
        if members and best.ratio[position] >= 0.001 and all(members.isdisjoint(other) for other in wanted):
            wanted.append(members)
    assert [frozenset(map(int, members)) for members in found.members] == wanted
    assert len(wanted) > 1
