"""Whether sweeps keep their budget of false alarms when every day is looked at and counts come in clumps."""

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from typing import Any

import numpy as np

SIDE, INNER, STEP_METRES, RESIDENTS = 10, (2, 8), 700.0, 1600.0
FIRST = date(2027, 1, 4)


def daily_looks(authorities: int = 20, days: int = 182) -> dict[str, object]:
    """Signals a year and authority in quiet areas with clumped counts, by all methods and levels together.

    Passed while the number that was told is not above what a Poisson count with the budget's mean exceeds once in 20.
    """
    from scipy import stats

    from commonweal.apps.surveillance.count_sweeping import rules

    how = rules().how
    allowed = how.budget.a_year * (1 - how.budget.shares["series"])
    seeds = range(authorities)
    with ProcessPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        told = list(pool.map(signals_of, seeds, [days] * authorities))
    years = authorities * days / 365.2425
    opened = sum(each["opened"] for each in told)
    methods = sum((Counter(each["methods"]) for each in told), Counter[str]())
    return {
        "authority years": round(years, 1), "signals": opened, "a year and authority": opened / years,
        "budget a year and authority": allowed,
        **{f"findings by {name}": number for name, number in sorted(methods.items())},
        "passed": bool(opened <= stats.poisson.isf(0.05, allowed * years)),
    }  # fmt: skip


def signals_of(seed: int, days: int) -> dict[str, Any]:
    """Look at one authority every day; how many signals were opened (or reopened), and by which methods."""
    from commonweal.apps.surveillance.count_sweeping import rules
    from commonweal.core.signals.running import Running, advance
    from commonweal.core.signals.surroundings import blocks, look_around
    from commonweal.synthetic.quiet import quiet

    rule = rules()
    how, life = rule.how, rule.setting.life
    drawn = quiet(SIDE * SIDE, days + how.history, np.random.default_rng(seed), a_day=(0.08, 0.2, 0.4)[seed % 3])
    told: list[Running] = []
    opened, methods = 0, Counter[str]()
    for end in range(how.history, days + how.history):
        window = slice(end - how.history, end)
        area = surroundings(seed, drawn.cases[:, window], drawn.negatives[:, window], FIRST + timedelta(days=end))
        (looked,) = look_around(blocks([area], how)[0])
        done = advance(told, looked.found, area.morning, life, next_number=len(told) + 1, whole=True)
        new = {number for number, step in done.changes if step.state in ("opened", "reopened")}
        opened += len(new)
        methods.update(f"{found.level} {found.method}" for found, number in done.homes if number in new)
    return {"opened": opened, "methods": dict(methods)}


def surroundings(seed: int, cases: Any, negatives: Any, morning: date) -> Any:
    """An authority in the middle of a square of small areas."""
    from commonweal.core.signals.surroundings import Surroundings

    row, column = np.divmod(np.arange(SIDE * SIDE), SIDE)
    own = (row >= INNER[0]) & (row < INNER[1]) & (column >= INNER[0]) & (column < INNER[1])
    code = f"E0600{seed:04d}"
    return Surroundings(
        code, morning, tuple(f"E01{place:06d}" for place in range(SIDE * SIDE)),
        tuple(code if each else "E06009999" for each in own), cases.astype(np.int32), cases.astype(np.int32),
        negatives.astype(np.int32), np.full(SIDE * SIDE, RESIDENTS), np.stack([column, row], axis=1) * STEP_METRES,
        np.ones(cases.shape[1]),
        {"msoa": tuple(f"E02{r // 2:03d}{c // 2:03d}" for r, c in zip(row, column, strict=True)),
         "ward": tuple(f"E05{r // 3:03d}{c // 3:03d}" for r, c in zip(row, column, strict=True))},
    )  # fmt: skip
