"""Running sweeps over counts: look, then keep. What the command line and the jobs call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from commonweal.apps.places import queries as places
from commonweal.apps.surveillance import counted, keeping, series_sweeping, sweeping
from commonweal.apps.surveillance.count_sweeping import Outcome, look, rules
from commonweal.apps.surveillance.executors import Cluster, Executor, Processes, Serial
from commonweal.core.errors import NotThere, Refused
from commonweal.core.formats.indicators.metrics import Metric
from commonweal.web import db, times


@dataclass(frozen=True)
class Ran:
    """A sweep that ran. sweep: its number, None where it was not written because a newer one is there; repeated: it had
    run before at this as-of, and nothing was done; outcome: None then."""

    sweep: int | None
    repeated: bool
    outcome: Outcome | None
    opened: int
    changed: int

    def as_dict(self) -> dict[str, Any]:
        """The same for answers as JSON."""
        out: dict[str, Any] = {"sweep": self.sweep, "repeated": self.repeated, "signals_opened": self.opened,
                               "signals_changed": self.changed}  # fmt: skip
        if self.outcome is not None:
            each = self.outcome
            out |= {"source": each.source, "as_of": each.as_of.isoformat(), "morning": str(each.morning),
                    "touched": each.touched,
                    "findings": len(each.found), "held": len(each.held), "events": [e.evidence for e in each.events],
                    "places": each.places, "not_done": each.not_done, "cost": each.cost,
                    "seconds": each.seconds}  # fmt: skip
        return out


def run(
    executor: Executor,
    *,
    as_of: datetime | None = None,
    touched: Sequence[str] | None = None,
    changed_since: datetime | None = None,
) -> Ran:
    """Sweep the counts as known at `as_of` (now if left out) and carry the signals on.

    touched: codes of any tier; only what they cover is swept. The same sweep at the same as-of is done once. Raises
    `NotThere` where nothing can be swept, or a code covers no authority, and `Refused` for a day to come.
    changed_since: of `touched` that is all that changed after an instant, that instant.
    """
    begun_after = keeping.newest_number()
    instant = _as_of(as_of)
    codes = None if touched is None else _covered(touched)
    rule = rules()
    before = keeping.kept_before(instant, codes, rule)
    if before is not None:
        return Ran(before, True, None, 0, 0)
    counted.sum_up(instant)
    outcome = look(instant, executor, codes)
    kept = keeping.keep(outcome, rule, name_of(executor), begun_after, changed_since)
    opened = sum(1 for _, step in kept.changes if step.state == "opened")
    return Ran(kept.number, kept.repeated, outcome, opened, len(kept.changes))


def _as_of(asked: datetime | None) -> datetime:
    """The instant of a sweep: now, or the one asked for; the end of today is now."""
    now: datetime = db.freeze("engine")
    if asked is None or asked <= now:
        return asked or now
    if times.local(asked).date() > times.local(now).date():
        raise Refused(
            f"{times.local(asked):%Y-%m-%d %H:%M} has not happened yet; it is {times.local(now):%Y-%m-%d %H:%M}."
        )
    return now


def look_at_series(published_by: date, area: str | None) -> list[Outcome]:
    """What every loaded series but the daily cases tells as published up to a day, of one area or of all. Nothing is
    written. Raises `NotThere` for a code that covers no authority."""
    instant, rule, found = db.freeze("engine"), rules(), []
    for metric in series_sweeping.watched(instant):
        if metric.id == sweeping.METRIC:
            continue
        outcome = series_sweeping.look(instant, metric, rule, published_by)
        if area is not None:
            own = set(_covered([area]))
            outcome.found = [each for each in outcome.found if each.scope & own]
        found.append(outcome)
    return found


def run_series(executor: Executor) -> list[Ran]:
    """Sweep every loaded series that has a detector, as published up to now, and carry the signals on."""
    instant = db.freeze("engine")
    return [_kept_series(metric, instant, executor) for metric in series_sweeping.watched(instant)]


def run_series_due(executor: Executor, hour: int) -> list[Ran]:
    """Sweep the series that were added to since their newest sweep, and each of them once a London morning."""
    instant = db.freeze("engine")
    at = counted.Instant(instant)
    due = [
        metric
        for metric in series_sweeping.watched(instant)
        if (last := keeping.newest_as_of(metric.id)) is None
        or series_sweeping.newest_known(metric, instant) > last
        or (counted.Instant(last).morning < at.morning and at.hour >= hour)
    ]
    return [_kept_series(metric, instant, executor) for metric in due]


def _kept_series(metric: Metric, instant: datetime, executor: Executor) -> Ran:
    rule = rules()
    before = keeping.kept_before(instant, None, rule, metric.id)
    if before is not None:
        return Ran(before, True, None, 0, 0)
    outcome = series_sweeping.look(instant, metric, rule)
    kept = keeping.keep(outcome, rule, name_of(executor))
    opened = sum(1 for _, step in kept.changes if step.state == "opened")
    return Ran(kept.number, kept.repeated, outcome, opened, len(kept.changes))


RESTING = """
select t.known_at + make_interval(secs => s.seconds) > commonweal.now() as resting
  from surveillance.sweep s join ledger.tick t on t.id = s.tick_id
 where s.source = 'counts' and s.touched is not null order by s.id desc limit 1
"""


def run_touched(executor: Executor) -> Ran | None:
    """Sweep the places whose counts changed since the newest sweep; None when nothing did.

    After such a sweep it rests as long as that took, so that a stream of results never takes the whole of a processor.
    A sweep of every place is neither waited for nor rested after.
    """
    last = keeping.swept_up_to()
    if last is None or db.value("engine", RESTING):
        return None
    now = db.freeze("engine")
    if last >= now:
        return None
    codes = [code for code in counted.touched_since(last, now) if code]
    return run(executor, as_of=now, touched=codes, changed_since=last) if codes else None


def whole_is_due(now: datetime, hour: int) -> bool:
    """Whether this London morning has no sweep of every place yet, its hour has come, and something can be swept."""
    at = counted.Instant(now)
    if counted.newest_known(now) is None or not places.newest_dataset():
        return False
    row = db.one("engine", "select max(morning) as day from surveillance.sweep where source = 'counts'"
                           " and touched is null")  # fmt: skip
    newest = row["day"] if row else None
    if newest is None:
        return True
    return bool(newest < at.morning and at.hour >= hour)


def has_counts() -> bool:
    """Whether intake holds any counts."""
    return bool(db.value("engine", "select exists (select from counts.delta)"))


def name_of(executor: Executor) -> str:
    """How a sweep says where it was computed."""
    if isinstance(executor, Processes):
        return f"{executor.workers} processes"
    if isinstance(executor, Cluster):
        return "cluster"
    return "serial" if isinstance(executor, Serial) else type(executor).__name__


def _covered(touched: Sequence[str]) -> list[str]:
    """The authorities that codes cover, or in which they lie."""
    codes = sorted({code for each in touched for code in _authorities(each.strip().upper())})
    if not codes:
        raise NotThere(
            f"{', '.join(touched)}: no place of those that are loaded. Give the code of a small area, ward, authority, "
            "county or region."
        )
    return codes


def _authorities(code: str) -> list[str]:
    if found := places.resolve_scope(code):
        return found
    own = counted.geography()
    levels = (own.codes, own.parents["msoa"], own.parents["ward"])
    return [authority for *lies_in, authority in zip(*levels, own.authority, strict=True) if code in lies_in]
