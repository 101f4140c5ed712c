"""What chance alone brings in quiet areas with clumped counts, at a budget so wide that a minute can tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
from scipy import stats

from commonweal.apps.surveillance.count_sweeping import rules
from commonweal.core.signals.surroundings import blocks, look_around
from commonweal.synthetic.quiet import quiet
from tests.integration.surveillance import grids

LOOKS, EVERY, A_YEAR = 15, 14, 12.0


def looks_with_findings(seeds: range) -> int:
    """Looks at quiet authorities, a fortnight apart, in which anything was told under the wide budget."""
    rule = rules().how
    how = replace(rule, budget=replace(rule.budget, a_year=A_YEAR))
    told = 0
    for seed in seeds:
        drawn = quiet(100, how.history + LOOKS * EVERY, np.random.default_rng(seed))
        for look in range(LOOKS):
            end = how.history + look * EVERY
            window = drawn.cases[:, end - how.history : end]
            morning = grids.MORNING + timedelta(days=end)
            area = grids.surroundings(seed, side=10, inner=(2, 8), counts=window, morning=morning)
            (looked,) = look_around(blocks([area], how)[0])
            told += bool(looked.found)
    return told


def test_looks_at_quiet_clumped_counts_find_no_more_than_the_budget_allows() -> None:
    """A twelfth of a year and authority between two false alarms: about 3 in 100 looks; more than a Poisson count with
    that mean exceeds once in 200 would mean that places, families or clumps are adjusted for too little."""
    shares = rules().how.budget.shares
    allowed = 4 * LOOKS * (1 - shares["series"]) * A_YEAR / 365.2425
    assert looks_with_findings(range(4)) <= stats.poisson.isf(0.005, allowed)
