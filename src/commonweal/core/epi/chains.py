"""Who may have infected whom, where to look for the source, and which exposures cases have in common.

Sources: Wallinga and Teunis 2004 (weights from the serial interval); Endo et al. 2020 (gain of backward tracing). These
are probabilities among the known cases, not findings about people.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from commonweal.core.epi import checks
from commonweal.core.epi.checks import FloatArray, IntArray
from commonweal.core.epi.distributions import poisson_cdf
from commonweal.core.epi.reproduction.serial_interval import checked
from commonweal.core.errors import Refused


@dataclass(frozen=True)
class Links:
    """Possible infections: `weight` is the probability that `infector` infected `infectee`, all three one entry a pair.

    outside: probability for each case that its source is not among the cases. offspring: expected number infected by
    each case.
    """

    infectee: IntArray
    infector: IntArray
    weight: FloatArray
    outside: FloatArray
    offspring: FloatArray


def links(
    onset: ArrayLike,
    serial_interval: ArrayLike,
    *,
    points: ArrayLike | None = None,
    distance_scale: float = 1.0,
    evidence: tuple[ArrayLike, ArrayLike, ArrayLike] | None = None,
    outside_weight: float = 0.05,
    least: float = 1e-3,
) -> Links:
    """Weights p_ij = w(t_i - t_j) exp(-d_ij/scale) e_ij, normalised over j and an outside source.

    onset: day of each case. points: coordinates `[case, 2]` in the unit of `distance_scale` (exponential decay).
    evidence: (infectee, infector, factor) pairs that multiply a weight, e.g. 10 for a named contact, 20 for one
    household. outside_weight: weight of an unknown source on the scale of the serial interval (a probability a day).
    Pairs below `least` are dropped after normalising.
    """
    day = checks.finite("onset", onset)
    w = checked(serial_interval)
    if outside_weight < 0:
        raise Refused(
            f"outside_weight is {outside_weight}; a weight cannot be negative. Pass 0 if all sources are known."
        )
    lag = (day[:, None] - day[None, :]).astype(np.int64)
    weight = np.where((lag > 0) & (lag < w.size), w[np.clip(lag, 0, w.size - 1)], 0.0)
    if points is not None:
        weight = weight * _near(points, day.size, distance_scale)
    if evidence is not None:
        i, j, factor = (np.asarray(side) for side in evidence)
        weight[i.astype(int), j.astype(int)] *= checks.non_negative("evidence", factor)
    total = weight.sum(axis=1) + outside_weight
    share = np.divide(weight, total[:, None], out=np.zeros_like(weight), where=total[:, None] > 0)
    outside = 1 - share.sum(axis=1)
    infectee, infector = np.nonzero(share > least)
    return Links(infectee, infector, share[infectee, infector], outside, share.sum(axis=0))


def backward_candidates(found: Links, case: int, *, most: int = 5) -> tuple[IntArray, FloatArray]:
    """The likeliest sources of one case, strongest first, with their probabilities."""
    mine = np.flatnonzero(found.infectee == case)
    order = mine[np.argsort(-found.weight[mine], kind="stable")][:most]
    return found.infector[order], found.weight[order]


def backward_gain(reproduction: float, dispersion: float) -> float:
    """Expected other cases infected by a case's source: R (1 + 1/k) for negative-binomial offspring of dispersion k."""
    if not (reproduction > 0 and dispersion > 0):
        raise Refused(f"reproduction {reproduction} and dispersion {dispersion} must be above 0.")
    return reproduction * (1 + 1 / dispersion)


@dataclass(frozen=True)
class CommonExposures:
    """For each setting: cases exposed in their infection window, the number expected, P(so many or more), adjusted p.

    `adjusted` holds the false discovery rate (Benjamini and Hochberg 1995).
    """

    setting: IntArray
    cases: FloatArray
    expected: FloatArray
    p_value: FloatArray
    adjusted: FloatArray


def common_exposures(
    onset: ArrayLike,
    visits: tuple[ArrayLike, ArrayLike, ArrayLike],
    background: ArrayLike,
    *,
    window: tuple[int, int] = (1, 14),
) -> CommonExposures:
    """Which settings do cases share beyond chance?

    onset: day of each case. visits: (case, setting, day) of known exposures. background: for each setting the share of
    people like the cases who visit it in a window of that length. A case counts once for a setting if it visited
    between `window[1]` and `window[0]` days before onset. Expected = number of cases x background (Poisson tail).
    """
    day = checks.finite("onset", onset)
    who, where, when = (np.asarray(side, dtype=np.int64) for side in visits)
    usual = checks.positive("background", background)
    if (usual > 1).any():
        raise Refused(f"background reaches {usual.max():g}; it is a share of people, at most 1.")
    if not 0 <= window[0] <= window[1]:
        raise Refused(f"window is {window}; pass (fewest, most) days before onset.")
    before = day[who] - when
    inside = (before >= window[0]) & (before <= window[1])
    pairs = np.unique(np.stack([where[inside], who[inside]], axis=1), axis=0)
    seen = np.bincount(pairs[:, 0], minlength=usual.size).astype(np.float64)
    expected = day.size * usual
    p_value = np.where(seen > 0, 1 - poisson_cdf(seen - 1, expected), 1.0)
    return CommonExposures(np.arange(usual.size), seen, expected, p_value, false_discovery(p_value))


def _near(points: ArrayLike, cases: int, scale: float) -> FloatArray:
    place = checks.finite("points", points)
    if place.shape[0] != cases or place.ndim != 2:
        raise Refused(f"points has shape {place.shape} for {cases} cases; pass one pair of coordinates a case.")
    if not scale > 0:
        raise Refused(f"distance_scale is {scale}; pass a distance above 0 in the unit of the coordinates.")
    apart = np.sqrt(((place[:, None] - place[None]) ** 2).sum(axis=2))
    return np.asarray(np.exp(-apart / scale))


def false_discovery(p: FloatArray) -> FloatArray:
    """P-values adjusted so that a share of at most that many of those called true are false (Benjamini, Hochberg)."""
    order = np.argsort(p)
    scaled = p[order] * p.size / np.arange(1, p.size + 1)
    adjusted = np.empty(p.size)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted
