"""Limits of a share, for pages that show one share at a time."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

from commonweal.core.errors import Refused


def wilson(part: int, whole: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score limits of part / whole, in [0, 1].

    They are the two shares p with |part/whole - p| = z sqrt(p (1 - p) / whole). Source: Wilson 1927. Raises Refused
    where whole is not above 0 or part lies outside 0..whole.
    """
    if not 0 <= part <= whole or whole < 1:
        raise Refused(f"{part} of {whole} is no share: the part must lie between 0 and the whole, the whole above 0.")
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, square = part / whole, z * z
    centre = share + square / (2 * whole)
    half = z * sqrt(share * (1 - share) / whole + square / (4 * whole * whole))
    low, high = (centre - half) / (1 + square / whole), (centre + half) / (1 + square / whole)
    return (0.0 if part == 0 else low), (1.0 if part == whole else high)
