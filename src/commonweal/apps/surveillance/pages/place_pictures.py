"""Pictures and tables of a place, from its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from commonweal.apps.intake.pages.area_figures import PILLARS
from commonweal.apps.surveillance.pages.place_figures import WEEK, Days, Figures
from commonweal.apps.surveillance.pages.place_series import Told, source
from commonweal.core import wording
from commonweal.core.pictures import (
    Column,
    CurveDay,
    EpidemicCurve,
    Fan,
    FanDay,
    FunnelLimit,
    FunnelPlace,
    FunnelPlot,
    Picture,
    PictureTable,
    Positivity,
    PositivityDay,
    Series,
    SeriesPoint,
    draw_epidemic_curve,
    draw_fan,
    draw_funnel,
    draw_positivity,
    draw_series,
)
from commonweal.core.signals.standing import Peer, funnel_limits, share_limits
from commonweal.web import times

SOURCE = "Source: results received by Commonweal from laboratories."
LIMIT_STEPS = 24
Row = Mapping[str, Any]


def known(figures: Figures) -> str:
    return f"As known at {times.exact(figures.as_of)}."


def incomplete(figures: Figures) -> str:
    """As of when, and which days of the picture are still to be filled."""
    return f"{known(figures)} Days after {wording.day(figures.last)} are still arriving."


def curve(figures: Figures) -> Picture | None:
    """People by day; the newest days with the interval of their final count where one can be told."""
    if not any(sum(each.people) for each in figures.days):
        return None
    days = tuple(CurveDay(each.day, each.people, each.complete, likely(each)) for each in figures.days)
    layers = tuple(name for _, name in PILLARS)
    shown = EpidemicCurve(
        figures.subject.name, layers, days, SOURCE, incomplete(figures), figures.events, letters=letters(figures)
    )
    return draw_epidemic_curve(shown)


def likely(day: Days) -> tuple[float, float] | None:
    """The interval of the final count, where it is more than one number."""
    found = day.likely
    return (found.low, found.high) if found is not None and found.low < found.high else None


def funnel(figures: Figures) -> Picture | None:
    """The seven-day counts of all places compared, over what the rate of all together would give."""
    subject = figures.subject
    title = (
        f"{wording.upper_first(subject.compared_words)} of {subject.compared_in}, people who tested positive in the "
        f"seven days to {wording.day(figures.last)}"
    )
    return funnel_of(figures, title, figures.peers, subject.compared, SOURCE, "funnel")


def published_funnel(figures: Figures) -> Picture | None:
    """The same of every place of this level, by what is published of them."""
    found = figures.published
    if found is None:
        return None
    title = (
        f"All {found.words}, people who tested positive in the seven days to {wording.day(found.last)}, as published"
    )
    return funnel_of(figures, title, found.peers, found.names, f"Source: {found.source}.", "published-funnel")


def funnel_of(
    figures: Figures, title: str, all_peers: Sequence[Peer], names: Mapping[str, str], source: str, key: str
) -> Picture | None:
    """A funnel of some places, this one marked; none with fewer than two."""
    peers = [each for each in all_peers if each.expected > 0]
    if len(peers) < 2:
        return None
    subject = figures.subject
    places = tuple(
        FunnelPlace(names.get(each.code, each.code), each.seen, each.expected, each.outside, each.code == subject.code)
        for each in peers
    )
    low, high = min(each.expected for each in peers), max(each.expected for each in peers)
    sizes = (
        [low * (high / low) ** (step / LIMIT_STEPS) for step in range(LIMIT_STEPS + 1)]
        if high > low
        else [low, 2 * low]
    )
    limits = tuple(
        FunnelLimit(size, *(float(end) for end in row)) for size, row in zip(sizes, funnel_limits(sizes), strict=True)
    )
    method = "Expected: the rate of all of them together, times the residents of each."
    return draw_funnel(FunnelPlot(title, places, limits, source, known(figures), method), key)


def reproduction(figures: Figures) -> Picture | None:
    """R by the last day of its window, where the data outweigh what was assumed beforehand."""
    days = tuple(FanDay(each.day, *each.r.ends) for each in figures.days if each.r is not None and each.r.reliable)
    if len(days) < 2:
        return None
    method = "For each window of seven days to a day; days with fewer than eleven people in the window are left out."
    return draw_fan(Fan(figures.subject.name, days, SOURCE, known(figures), method), "reproduction")


def letters(figures: Figures) -> int:
    """Room for the longest name on the value axes of the curve and of the tests below it."""
    return max(len("100%"), len(wording.thousands(2 * max(figures.tests_to(each.day)[1] for each in figures.days))))


def positivity(figures: Figures) -> Picture | None:
    """Share of virus tests that were positive, in the seven days to each day."""
    shown = figures.days[WEEK - 1 :]
    days = []
    for each in shown:
        positive, every = figures.tests_to(each.day)
        low, high = share_limits(positive, every) if every else (None, None)
        days.append(PositivityDay(each.day, every, min(positive, every), low, high, each.complete))
    if not any(day.tests for day in days):
        return None
    told = Positivity(
        figures.subject.name, tuple(days), SOURCE, incomplete(figures), "seven days to each day",
        begins=figures.days[0].day, letters=letters(figures),
    )  # fmt: skip
    return draw_positivity(told)


def series(place: str, known: str, told: Told) -> Picture:
    """A published series of the place, of one source; a value that the publisher keeps back is an interval, never 0."""
    metric = told.metric
    points = tuple(SeriesPoint(row["day"], row["low"], row["high"], row["published"]) for row in told.rows)
    whole = all(point.low == int(point.low) for point in points)
    return draw_series(
        Series(place, metric.label, metric.unit, points, source(told), known, 0 if whole else 1),
        f"series-{metric.id.replace('_', '-')}",
    )


def by_day(figures: Figures) -> PictureTable:
    """Every figure of every day: what is downloaded to work on with one's own tools."""
    columns = (
        Column("Day of swab", numeric=False),
        *(Column(name) for _, name in PILLARS),
        Column("Likely final count"),
        Column("95% from"),
        Column("95% to"),
        Column("Share thought to be here", percent=True),
        Column("Positive tests"),
        Column("Tests"),
        Column("R", decimals=2),
        Column("R 90% from", decimals=2),
        Column("R 90% to", decimals=2),
        Column("State", numeric=False),
    )
    rows = tuple(
        (
            each.day, *each.people,
            each.likely.middle if each.likely else sum(each.people),
            each.likely.low if each.likely else sum(each.people),
            each.likely.high if each.likely else sum(each.people),
            each.likely.share if each.likely else None,
            each.positive, each.tests,
            *((each.r.ends[2], each.r.ends[0], each.r.ends[4]) if each.r and each.r.reliable else (None, None, None)),
            "complete" if each.complete else "still arriving",
        )
        for each in figures.days
    )  # fmt: skip
    return PictureTable(f"{figures.subject.name}, by day of swab", columns, rows)
