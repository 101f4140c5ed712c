"""Places alike at the same moment, and what a series was expected to be: "why here and not there"."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from commonweal.core.epi.checks import FloatArray

LEAST_BASELINE = 14
LEAST_SPREAD = {"residents": 0.1, "decile": 0.5, "older": 0.02}  # smaller differences make no place unlike another


@dataclass(frozen=True)
class Traits:
    """What makes places alike: residents, mean decile of deprivation (1 the most deprived), share of people of 60 and
    over. None where it is not known."""

    residents: int
    decile: float | None
    older: float | None


@dataclass(frozen=True)
class Expected:
    """What a day was expected to count: mean and 95% range of such days, and from how many days it was taken."""

    mean: float
    low: float
    high: float
    days: int


def most_alike(
    here: str, traits: Mapping[str, Traits], number: int, *, without: Collection[str] = ()
) -> tuple[str, ...]:
    """The places nearest to one in traits, the nearest first; those `without` count for the spread alone.

    Why here and not there is asked of places outside: those that a signal itself touches are no comparison for it.

    Distance: of log residents, decile and share of older people, each over its spread among all places (at least a
    tenth, half a decile, two in a hundred); a trait that is not known of every place is left out. A place without
    residents is none.
    """
    codes = sorted(code for code, each in traits.items() if each.residents > 0)
    if here not in codes or len(codes) < 2:
        return ()
    columns: dict[str, FloatArray] = {"residents": np.log([traits[code].residents for code in codes])}
    for pick in ("decile", "older"):
        values = [getattr(traits[code], pick) for code in codes]
        if None not in values:
            columns[pick] = np.array(values, dtype=np.float64)
    table = np.stack([each / max(float(each.std()), LEAST_SPREAD[name]) for name, each in columns.items()], axis=1)
    away = np.linalg.norm(table - table[codes.index(here)], axis=1)
    order = sorted(
        (round(float(away[at]), 9), code) for at, code in enumerate(codes) if code != here and code not in without
    )
    return tuple(code for _, code in order[:number])


def expected(before: Sequence[int]) -> Expected | None:
    """What such days count, from those before a departure; None from fewer than 14 days.

    Negative binomial with the mean of the days and their variance (at least the mean: Poisson then).
    """
    if len(before) < LEAST_BASELINE:
        return None
    counts = np.maximum(np.array(before, dtype=np.float64), 0.0)
    mean = float(counts.mean())
    if mean == 0:
        return Expected(0.0, 0.0, 0.0, len(before))
    spread = max(1.0, float(counts.var(ddof=1)) / mean)
    n = np.arange(int(mean + 12 * math.sqrt(spread * mean) + 20))
    if spread < 1 + 1e-6:
        logs = n * math.log(mean) - mean - special.gammaln(n + 1)
    else:
        size = mean / (spread - 1)
        logs = (
            special.gammaln(size + n) - special.gammaln(size) - special.gammaln(n + 1)
            + size * math.log(1 / spread) + n * math.log1p(-1 / spread)
        )  # fmt: skip
    below = np.cumsum(np.exp(logs))
    return Expected(mean, float(np.argmax(below >= 0.025)), float(np.argmax(below >= 0.975)), len(before))
