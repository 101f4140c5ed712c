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


def from_publications(
    cumulative: ArrayLike, *, first_event: int, first_publication: int, now: int, max_delay: int
) -> Triangle:
    """Changes between publications `[area, event, publication]` of counts by event step (NaN: not published).

    Events and publications are numbered by steps, one apart, from `first_event` and `first_publication`. Delay d of
    event t is what publication t + d added; the last delay holds everything from `max_delay` on. A missed publication
    adds nothing, the next one adds for both. Withdrawn counts stand as negative changes, which only `reverse_hazard`
    takes. Events start at the first one of which every publication is known.
    """
    cells = np.asarray(cumulative, dtype=np.float64)
    if cells.ndim != 3:
        raise Refused(f"cumulative has shape {cells.shape}; pass [area, event, publication].")
    checks.at_least("max_delay", max_delay, 1)
    last = now - first_publication
    start = max(first_event, first_publication)
    if not (0 <= last < cells.shape[2] and start <= now < first_event + cells.shape[1]):
        raise Refused(
            f"now is {now}; it must be a published step ({first_publication} to "
            f"{first_publication + cells.shape[2] - 1}) with its event among the rows."
        )
    known = cells[:, start - first_event : now - first_event + 1, : last + 1].copy()
    known[:, :, 0] = np.nan_to_num(known[:, :, 0])
    for p in range(1, last + 1):
        known[:, :, p] = np.where(np.isnan(known[:, :, p]), known[:, :, p - 1], known[:, :, p])
    added = np.diff(known, axis=2, prepend=0.0)
    events = now - start + 1
    out = np.full((cells.shape[0], events, max_delay + 1), np.nan)
    for t in range(events):
        own = start + t - first_publication
        waited = last - own
        direct = min(waited, max_delay)
        out[:, t, : direct + 1] = added[:, t, own : own + direct + 1]
        out[:, t, 0] += added[:, t, :own].sum(axis=1)
        if waited > max_delay:
            out[:, t, max_delay] += added[:, t, own + max_delay + 1 :].sum(axis=1)
    return Triangle(out, start, now)
