"""Which layout a file of series has, told by its headings; and the one way in: `read_series`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

import polars as pl

from commonweal.core.errors import Refused
from commonweal.core.formats.indicators import long, wide
from commonweal.core.formats.indicators.metrics import Metrics
from commonweal.core.formats.indicators.opening import ROW, opened
from commonweal.core.formats.indicators.values import Reading, checked

# 2020-08-17, 2020_08_17, 20200817 and, as the interface names its downloads, 2020-Aug-17
_DAY = re.compile(r"(?<!\d)(20\d\d)([-_]?)(\d\d|[A-Z][a-z]{2})\2(\d\d)(?!\d)")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Layout:
    """A form of file: its name, title, the headings that tell it, and the reader of its values."""

    name: str
    title: str
    headings: tuple[str, ...]
    read: Callable[[pl.DataFrame, long.Context], pl.DataFrame]
    every_day: bool = True


LAYOUTS = (
    Layout(
        "triangle",
        "every publication of a daily series",
        ("published", "area_code", "specimen_date"),
        long.triangle,
        False,
    ),
    Layout("tidy", "a plain table of values", ("place", "date", "metric", "value"), long.tidy),
    Layout("dashboard", "the dashboard's case file", ("Area name", "Area code", "Specimen date"), long.dashboard),
    Layout("api", "a download of the dashboard's interface", ("areaCode", "date"), long.api),
    Layout(
        "final", "a daily series as finally revised", ("area_code", "specimen_date", "new_cases"), long.final, False
    ),
    Layout("msoa_rolling", "7-day sums of middle areas, a column each", ("specimen_date", "E02000001"), wide.rolling),
    Layout("msoa_weekly", "weekly counts of middle areas", ("wk_05",), wide.weekly),
)


def read_series(data: bytes, label: str, metrics: Metrics, *, today: date, published: date | None = None) -> Reading:
    """Read a file of any known layout, plain or packed, as a table or as records in JSON.

    published: the day of publication where neither a column nor the file's name states it. Raises `Refused` for an
    unknown layout, a file that is not a table, a value that is no number or date, and what `checked` refuses.
    """
    table = opened(data, label, _known_headings(metrics))
    table = table.rename(wide.as_published, strict=False)
    layout = _recognised([name for name in table.columns if name != ROW], label)
    own = long.Context(label, metrics, published or _named_day(label))
    raw = layout.read(table, own)
    reading = checked(layout.name, layout.title, raw, metrics, label, today, every_day=layout.every_day)
    return Reading(reading.layout, reading.title, reading.frame, (*own.outcomes, *reading.outcomes))


def _known_headings(metrics: Metrics) -> Iterable[str]:
    """Every heading that a reader looks for: files write them in small and capital letters."""
    yield from (name for layout in LAYOUTS for name in layout.headings)
    yield from (*long.API_FIXED, *long.API_HIERARCHY, *long.TIDY, *wide.CODE_HEADINGS)
    yield from (name for metric in metrics.all for name in (metric.id, *metric.names, *metric.cumulative))


def _recognised(headings: list[str], label: str) -> Layout:
    for layout in LAYOUTS:
        if set(layout.headings) <= set(headings):
            return layout
    if any(wide.is_middle_area(heading) for heading in headings) and "specimen_date" in headings:
        return next(layout for layout in LAYOUTS if layout.name == "msoa_rolling")
    if any(wide.WEEK.match(heading) for heading in headings):
        return next(layout for layout in LAYOUTS if layout.name == "msoa_weekly")
    known = "; ".join(f"{layout.title}: {', '.join(layout.headings)}" for layout in LAYOUTS)
    raise Refused(
        f"{label}: the headings {', '.join(headings[:6])} belong to no known file of series. Known are {known}."
    )


def _named_day(label: str) -> date | None:
    """The last full date in a file's name, which publishers use for the day of publication."""
    found = _DAY.findall(label)
    if not found:
        return None
    year, _, month, day = found[-1]
    try:
        return date(int(year), int(month) if month.isdigit() else _MONTHS.index(month) + 1, int(day))
    except ValueError:
        return None
