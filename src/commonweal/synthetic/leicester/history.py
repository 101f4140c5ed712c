"""Which pillar each positive belongs to, and when the public first saw it, from the daily publications of 2020.

For each specimen day of each upper-tier area, people are taken in a fixed order: the first as many as the last pillar 1
publication showed are pillar 1, and the n-th person became public with the first publication from which on n people
or more were always shown. What was published later and withdrawn again (some 40 people, by one or two a day) is
therefore shown when it came to stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from commonweal.synthetic.chance import Flags, Floats, Ints
from commonweal.synthetic.leicester.published import LAST_PILLAR1_PUBLICATION, Published

SWITCH = datetime(2020, 7, 2, 18, 0)  # noqa: DTZ001 - UTC; both pillars public "on 2 July in the evening"
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Upper:
    """One upper-tier area: pillar 1 by district and day, and how many were public at each publication.

    pillar1: (districts of the area, days). shown1, shown: (publications, days), the number of pillar 1 and of all
    people who were public from that publication on for good.
    """

    code: str
    districts: list[int]
    pillar1: Ints
    shown1: Ints
    shown: Ints


def upper_areas(published: Published) -> list[Upper]:
    """The publications of each upper-tier area fitted to the final daily counts of its districts."""
    return [_upper(published, code) for code in sorted(set(published.upper))]


def _upper(published: Published, code: str) -> Upper:
    districts = [number for number, upper in enumerate(published.upper) if upper == code]
    final = published.daily[districts].sum(axis=0)
    triangle, combined = published.triangle[code], published.vintages["combined"].to_numpy()
    lasting1 = _lasting(triangle[~combined])
    shown1 = np.minimum(lasting1, final)
    pillar1 = np.stack(
        [
            capped_shares(published.pillar1_hint[districts, day], published.daily[districts, day], int(shown1[-1, day]))
            for day in range(len(final))
        ],
        axis=1,
    )
    both = np.maximum(np.minimum(_lasting(triangle[combined]), final), shown1[-1])
    return Upper(code, districts, pillar1, shown1, np.concatenate([shown1, both]))


def _lasting(counts: Ints) -> Ints:
    """At each publication, the smallest count of that and all later ones: what was shown for good."""
    lasting: Ints = np.minimum.accumulate(counts[::-1], axis=0)[::-1]
    return lasting


def capped_shares(weights: Floats, caps: Ints, total: int) -> Ints:
    """Whole numbers that add up to `total`, near the proportion of the weights, none above its cap.

    Units go one by one to the place that is furthest behind its share (largest weight per unit already given, as in
    the Sainte-Laguë method); places without weight come last. Raises ValueError when the caps hold fewer.
    """
    if total > caps.sum():
        raise ValueError(f"{total} units do not fit under caps that hold {int(caps.sum())}.")
    given = np.zeros(len(caps), dtype=np.int64)
    for _ in range(total):
        claim = np.where(given < caps, (weights + 1e-6 * (caps + 1)) / (2 * given + 1), -1.0)
        given[claim.argmax()] += 1
    return given


def first_public(published: Published, upper: Upper, day: Ints, rank: Ints) -> tuple[Flags, Ints, Ints]:
    """When the n-th person of each specimen day became public.

    Parameters: day: (people,) positions of specimen days; rank: (people,) 0 for the first person of the day in this
    area, pillar 1 first.
    Returns: whether pillar 1 by the last pillar 1 publication; the publication's position, or NEVER where it came after
    the last one here; the UTC minute (since 1970-01-01) of that publication, NEVER likewise.
    """
    is_pillar1 = rank < upper.shown1[-1, day]
    which = (upper.shown[:, day] <= rank).sum(axis=0)
    at = published.vintages["at"].dt.timestamp("ms").to_numpy() // 60_000
    after = which >= len(at)
    minute = np.where(after, NEVER, at[np.minimum(which, len(at) - 1)])
    switch = pl.Series([SWITCH]).dt.timestamp("ms")[0] // 60_000
    last_day = (LAST_PILLAR1_PUBLICATION - published.days[0]).days
    opened = which == int((~published.vintages["combined"]).sum())  # the first publication of both pillars
    minute = np.where(opened & (day < last_day), switch, minute)
    return is_pillar1, np.where(after, NEVER, which), minute
