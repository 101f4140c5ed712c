"""A signal of a loaded series against what its own past leads one to expect, by the means that found it."""

from __future__ import annotations

from commonweal.apps.surveillance.pages import place_pictures
from commonweal.apps.surveillance.pages.place_figures import WEEK
from commonweal.apps.surveillance.pages.place_series import source
from commonweal.apps.surveillance.pages.signal_facts import Told
from commonweal.core import wording
from commonweal.core.pictures import AgainstPast, Expectation, Picture, Series, SeriesPoint, draw_against_past
from commonweal.core.signals.own_past import Departure, Week, span, step, weeks
from commonweal.web import times

LEVEL = "90%"


def pictures(told: Told | None) -> dict[str, Picture | None]:
    """The series against its past, and its single values where those are not the same."""
    if told is None:
        return {}
    past = picture(told) if told.metric.detect == "own_past" else None
    if past is not None and as_it_stands(told):
        return {"past": past}
    return {"past": past, "series": place_pictures.series(told.place, known(told), told.shown)}


def known(told: Told) -> str:
    return f"As known at {times.exact(told.as_of)}."


def picture(told: Told) -> Picture | None:
    """Each week shown against its past; None where the past of none of them is long enough."""
    shown = held(told)
    if not any(week.held for week in shown):
        return None
    published = {row["day"]: row["published"] for row in told.series.rows}
    points = tuple(SeriesPoint(week.last, week.low, week.high, published[week.last]) for week in shown)
    metric = told.metric
    whole = all(point.low == int(point.low) for point in points)
    series = Series(
        told.place, named(told), metric.unit, points, source(told.series), known(told), 0 if whole else 1,
    )  # fmt: skip
    expected = tuple(None if week.held is None else expectation(week.held, week, metric.kind) for week in shown)
    return draw_against_past(AgainstPast(series, expected, method(told), LEVEL), "past")


def held(told: Told) -> tuple[Week, ...]:
    """The weeks shown, each against the weeks before it."""
    cells = {row["day"]: (row["low"], row["high"]) for row in told.series.rows}
    metric = told.metric
    return (
        weeks(cells, metric.kind, metric.window_days, told.past, told.shown.rows[0]["day"]) if told.series.rows else ()
    )


def as_it_stands(told: Told) -> bool:
    """Whether single values are held, each of several days, and not weeks of them."""
    return days_held(told) == told.metric.window_days


def days_held(told: Told) -> int:
    """Of how many days one point is."""
    return span(told.metric.kind, told.metric.window_days)


def named(told: Told) -> str:
    """What a point counts: a value of seven days by its name, a daily one as the week that is held."""
    metric = told.metric
    if as_it_stands(told):
        return metric.label
    label = metric.label.removesuffix(", by day")
    return f"{label}, {'seven days together' if metric.kind == 'count' else 'mean of seven days'}"


def expectation(held: Departure, week: Week, kind: str) -> Expectation:
    """What was expected; a range does not reach below nought where the number itself cannot."""
    low = held.low if kind == "change" else max(0.0, held.low)
    return Expectation(held.expected, min(low, held.expected), max(held.high, held.expected), week.above)


def method(told: Told) -> str:
    """How the range is worked out, in words."""
    past, count = told.past, told.metric.kind == "count"
    law = "negative binomial, with their mean and variance" if count else "Student's t, with their mean and spread"
    skipped = wording.counted(past.skipped_weeks, "week", "weeks")
    days, apart = days_held(told), step(told.metric.window_days).days // WEEK
    same = "same seven days" if days == WEEK else f"same {days} days"
    if apart > 1:
        skipped = wording.counted(past.skipped_weeks, "span", "spans")
    before = f"{past.weeks} weeks before" if apart == 1 else f"{past.weeks} spans of {apart} weeks before"
    return (
        f"Expected: the mean of the {same} in the {before}, the {skipped} just before left "
        f"out; the range holds {LEVEL} of such weeks ({law}, wider because the mean is an estimate). It is the rule by "
        f"which sweeps found the signal, on the newest publication of each day; fewer than {past.least_weeks} weeks of "
        "past give no range."
    )


def absent(told: Told | None) -> str:
    """Why a signal of a series, of which no range is drawn, has none; nothing of a signal of no series."""
    if told is None:
        return ""
    if told.metric.detect == "rate_rule":
        return (
            "No expected range is drawn: the rate rule, which found this, expects no number. It asks whether the "
            "seven-day rate, once all is reported, passes a line, and says both under “What each method found”."
        )
    return f"No expected range is drawn: fewer than {told.past.least_weeks} weeks of past are known of the days shown."
