"""Figures of a place from its rows: people by day and delay, rates, trend, tests. Plain functions; specimen days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from commonweal.apps.intake.pages.area_figures import PILLARS, tests_by_day
from commonweal.core.pictures import CurveEvent
from commonweal.core.signals import standing as stand
from commonweal.core.signals.standing import Changes, Likely, Method, Peer, R, Rate, Trend

WEEK = 7

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Subject:
    """The place that is spoken of. ``compared`` are the names of its like by code, ``compared_word`` their kind."""

    code: str
    name: str
    word: str
    residents: int
    residents_note: str
    compared: Mapping[str, str]
    compared_words: str
    compared_in: str


@dataclass(frozen=True)
class Days:
    """One specimen day: people by pillar group, virus tests, what it will likely count in the end, R to it."""

    day: date
    people: tuple[int, int]
    positive: int
    tests: int
    likely: Likely | None
    r: R | None
    complete: bool


@dataclass(frozen=True)
class Published:
    """Places of one level by what is published: people in the seven days to ``last`` against the rate of all."""

    last: date
    words: str
    names: Mapping[str, str]
    peers: tuple[Peer, ...]
    source: str


@dataclass(frozen=True)
class Figures:
    """Everything that is worked out for a place as known at ``as_of``; ``last`` is the newest complete day, ``events``
    what happened there on the days shown."""

    subject: Subject
    as_of: datetime
    today: date
    last: date
    rate: Rate
    rate_before: Rate
    trend: Trend
    days: tuple[Days, ...]
    peers: tuple[Peer, ...]
    open_total: tuple[float, float] | None
    why_no_forecast: str
    newest: date | None
    published: Published | None = None
    events: tuple[CurveEvent, ...] = ()

    @property
    def nothing_known(self) -> bool:
        """Whether no result at all, positive or negative, had been received: nobody knows that it is nought."""
        return self.newest is None and not any(each.tests or sum(each.people) for each in self.days)

    @property
    def r(self) -> tuple[date, R] | None:
        """The newest reliable R with the day that its window ends on."""
        return next(((each.day, each.r) for each in reversed(self.days) if each.r and each.r.reliable), None)

    def tests_to(self, last: date) -> tuple[int, int]:
        """(positive, all) virus tests of the seven days to a day."""
        chosen = [each for each in self.days if last - timedelta(days=WEEK) < each.day <= last]
        return sum(each.positive for each in chosen), sum(each.tests for each in chosen)


def work_out(
    subject: Subject,
    people: Sequence[Row],
    tests: Sequence[Row],
    compared: Mapping[str, tuple[int, int]],
    *,
    as_of: datetime,
    today: date,
    history_days: int,
    shown_days: int,
    method: Method,
) -> Figures:
    """The figures of a place. people: rows day, ago, pillar, whole, own; compared: code -> (people in the week,
    residents)."""
    first, last = today - timedelta(days=history_days - 1), today - timedelta(days=method.complete_after)
    own, rest = changes(people, first, history_days, method.delays)
    seen = min(max((row["ago"] for row in people), default=0), history_days)
    found = stand.standing(own, rest, seen, first.weekday(), method)
    by_day = people_by_day(people)
    now = _week(people, last)
    then = _week([row for row in people if row["ago"] >= 1], last - timedelta(days=1))
    return Figures(
        subject, as_of, today, last,
        stand.rate(now, subject.residents), stand.rate(then, subject.residents),
        stand.trend(now, _week(people, last - timedelta(days=WEEK))),
        _days(by_day, tests, found.likely, found.reproduction, first, history_days, shown_days, last),
        stand.peers(dict(compared)), found.open_total, found.why_none,
        max((row["day"] for row in tests if row["day"] <= today), default=None),
    )  # fmt: skip


def changes(people: Iterable[Row], first: date, length: int, delays: int) -> tuple[Changes, Changes]:
    """[day][delay] of the place and of the others of its authorities (empty where there are none).

    The delay of a result counts in whole days back from the present moment, so the newest day has delay 0 only.
    """
    own = [[0] * (delays + 1) for _ in range(length)]
    rest = [[0] * (delays + 1) for _ in range(length)]
    for row in people:
        step = (row["day"] - first).days
        if 0 <= step < length:
            delay = min(max(length - 1 - row["ago"] - step, 0), delays)
            own[step][delay] += row["own"]
            rest[step][delay] += row["whole"] - row["own"]
    others = any(any(day) for day in rest)
    return tuple(map(tuple, own)), tuple(map(tuple, rest)) if others else ()


def people_by_day(people: Iterable[Row]) -> dict[date, Counter[str]]:
    """People of the place by day and pillar group ('pillar1' or 'other')."""
    found: dict[date, Counter[str]] = {}
    for row in people:
        if row["own"]:
            found.setdefault(row["day"], Counter())["pillar1" if row["pillar"] == "pillar1" else "other"] += row["own"]
    return found


def by_group(
    rows: Iterable[Row], group_of: Mapping[str, str], residents: Mapping[str, int]
) -> dict[str, tuple[int, int]]:
    """People of the week and residents of each place that is compared, those without anybody included."""
    seen: Counter[str] = Counter()
    for row in rows:
        if row["result"] == "case" and row["lsoa_code"] in group_of:
            seen[group_of[row["lsoa_code"]]] += row["n"]
    return {code: (max(0, seen[code]), residents.get(code, 0)) for code in sorted(set(group_of.values()))}


def published(
    rows: Iterable[Row], last: date, residents: Mapping[str, int], names: Mapping[str, str], words: str, source: str
) -> Published | None:
    """Places by a published daily series; one without all seven days, with a suppressed one or without residents is
    left out. None with fewer than two."""
    days: dict[str, list[float]] = {}
    for row in rows:
        if last - timedelta(days=WEEK) < row["day"] <= last and row["low"] == row["high"]:
            days.setdefault(row["place_code"], []).append(row["low"])
    counts = {
        code: (max(0, round(sum(values))), residents[code])
        for code, values in days.items()
        if len(values) == WEEK and code in residents
    }
    found = stand.peers(counts)
    return Published(last, words, names, found, source) if len(found) >= 2 else None


def _week(people: Iterable[Row], last: date) -> int:
    return sum(row["own"] for row in people if last - timedelta(days=WEEK) < row["day"] <= last)


def _days(
    by_day: Mapping[date, Counter[str]],
    tests: Sequence[Row],
    likely: Sequence[Likely],
    reproduction: Sequence[R],
    first: date,
    history_days: int,
    shown_days: int,
    last: date,
) -> tuple[Days, ...]:
    tested = tests_by_day(tests)
    likely_at, r_at = {each.step: each for each in likely}, {each.step: each for each in reproduction}
    found = []
    for step in range(history_days - shown_days, history_days):
        day = first + timedelta(days=step)
        counted = by_day.get(day, Counter())
        positive, every = tested.get(day, (0, 0))
        groups = tuple(max(0, counted[key]) for key, _ in PILLARS)
        found.append(
            Days(
                day, (groups[0], groups[1]), max(0, positive), max(0, every), likely_at.get(step), r_at.get(step),
                day <= last,
            )
        )  # fmt: skip
    return tuple(found)
