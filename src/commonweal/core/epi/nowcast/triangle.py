"""Reporting triangles: events by day of event and delay until the report."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from commonweal.core.epi import checks
from commonweal.core.epi.checks import FloatArray
from commonweal.core.errors import Refused


@dataclass(frozen=True)
class Triangle:
    """Counts `[area, event, delay]`, NaN where the report day lies after `now`.

    Events run from step `first_event` to `now` (whole numbers, one a step); delays from 0 to the largest.
    """

    count: FloatArray
    first_event: int
    now: int

    @property
    def reported(self) -> FloatArray:
        """Reported so far, `[area, event]`."""
        return np.asarray(np.nansum(self.count, axis=2))

    @property
    def seen_delay(self) -> FloatArray:
        """Largest delay that can have been seen of each event step."""
        events, delays = self.count.shape[1:]
        return np.asarray(np.minimum(np.arange(events)[::-1], delays - 1), dtype=np.float64)


def from_line_list(
    event: ArrayLike,
    report: ArrayLike,
    *,
    now: int,
    max_delay: int,
    first_event: int | None = None,
    area: ArrayLike | None = None,
    areas: int = 1,
    beyond: str = "count_at_max",
) -> Triangle:
    """Count events by area, event step and delay, as known at step `now` (reports after it are ignored).

    beyond: a delay above `max_delay` is counted at it (`count_at_max`) or dropped (`drop`). Raises `Refused` for a
    report before its event, which points to swapped columns.
    """
    checks.one_of("beyond", beyond, ("count_at_max", "drop"))
    checks.at_least("max_delay", max_delay, 1)
    e, r = checks.finite("event", event).astype(np.int64), checks.finite("report", report).astype(np.int64)
    checks.same_shape("event", e, "report", r)
    if (r < e).any():
        i = int(np.argmax(r < e))
        raise Refused(f"report[{i}] = {r[i]} lies before event[{i}] = {e[i]}; check the columns, or drop the record.")
    where = np.zeros(e.shape, dtype=np.int64) if area is None else np.asarray(area, dtype=np.int64)
    start = int(e.min()) if first_event is None else first_event
    delay = r - e
    known = (r <= now) & (e >= start) & (e <= now)
    if beyond == "drop":
        known &= delay <= max_delay
    counts = np.zeros((areas, now - start + 1, max_delay + 1))
    np.add.at(counts, (where[known], e[known] - start, np.minimum(delay[known], max_delay)), 1.0)
    return masked(counts, first_event=start, now=now)


def masked(counts: ArrayLike, *, first_event: int, now: int) -> Triangle:
    """A triangle from complete counts `[area, event, delay]`: what lies after `now` becomes NaN."""
    cells = checks.counts("counts", counts, missing_allowed=True)
    if cells.ndim == 2:
        cells = cells[None]
    events, delays = cells.shape[1:]
    later = np.arange(events)[:, None] + np.arange(delays)[None, :] > now - first_event
    cells = np.where(later, np.nan, np.nan_to_num(cells))
    return Triangle(cells, first_event, now)
