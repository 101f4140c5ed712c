"""The pictures of a signal: its curve, what was expected, and places alike at the same moment, each with its words."""

from __future__ import annotations

from datetime import date, timedelta

from commonweal.apps.surveillance.pages import place_pictures, signal_past
from commonweal.apps.surveillance.pages import signal_words as words
from commonweal.apps.surveillance.pages.place_figures import WEEK, Figures
from commonweal.apps.surveillance.pages.signal_facts import Facts, Row
from commonweal.core import wording
from commonweal.core.pictures import (
    BandDay,
    ExpectedBand,
    Grown,
    Picture,
    Seen,
    SmallMultiples,
    SmallSeries,
    draw_expected_band,
    draw_grown,
    draw_small_multiples,
)
from commonweal.core.signals.alike import LEAST_BASELINE, Expected, expected
from commonweal.web import times

BASELINE = 28


def pictures(facts: Facts) -> dict[str, Picture]:
    """Curve, expected band and places alike."""
    figures = facts.figures
    found: dict[str, Picture | None] = {
        "alike": alike_picture(facts),
        "grown": grown_picture(facts),
        **signal_past.pictures(facts.series),
    }
    if figures is not None:
        found |= {"curve": place_pictures.curve(figures), "expected": band_picture(facts, figures)}
    return {key: picture for key, picture in found.items() if picture is not None}


def grown_picture(facts: Facts) -> Picture | None:
    """People of a setting by the morning on which they were counted, from the findings."""
    if facts.row["kind"] != "setting":
        return None
    widest: dict[date, Row] = {}
    for each in facts.findings:  # the newest first; a sweep of touched places counts the people of fewer authorities
        if each["signal"] != facts.row["number"] or each["observed"] is None:
            continue
        other = widest.get(each["morning"])
        if other is None or len(each["scope"]) > len(other["scope"]):
            widest[each["morning"]] = each
    seen = tuple(
        Seen(morning, widest[morning]["first_day"], round(widest[morning]["observed"])) for morning in sorted(widest)
    )
    if not seen:
        return None
    known = f"As known at {times.exact(facts.as_of)}. The newest days are still arriving."
    return draw_grown(Grown(words.setting_name(facts.row, facts.names), seen, place_pictures.SOURCE, known))


def windows(facts: Facts) -> list[tuple[date, date]]:
    """The days of every finding of the signal itself."""
    return [(each["first_day"], each["last_day"]) for each in facts.findings if each["signal"] == facts.row["number"]]


def baseline(facts: Facts, figures: Figures) -> tuple[date, Expected | None]:
    """The first day of the departure, and what the days before it lead to expect."""
    found = windows(facts)
    first = min((start for start, _ in found), default=facts.row["opened_on"])
    before = [sum(each.people) for each in figures.days if first - timedelta(days=BASELINE) <= each.day < first]
    return first, expected(before)


def band_picture(facts: Facts, figures: Figures) -> Picture | None:
    _, told = baseline(facts, figures)
    if told is None:
        return None
    found = windows(facts)
    days = tuple(
        BandDay(
            each.day, sum(each.people), told.mean, told.low, told.high,
            sum(each.people) > told.high and any(start <= each.day <= end for start, end in found), each.complete,
        )
        for each in figures.days
    )  # fmt: skip
    known = place_pictures.known(figures)
    return draw_expected_band(
        ExpectedBand(figures.subject.name, days, place_pictures.SOURCE, known, band_method(facts))
    )


def band_method(facts: Facts) -> str:
    if facts.figures is None:
        return ""
    first, told = baseline(facts, facts.figures)
    if told is None:
        return f"No expected band: fewer than {LEAST_BASELINE} days were seen before {wording.day(first)}."
    return (
        f"Expected: the mean of the {told.days} days before {wording.day(first)}, where the findings begin; the band "
        "holds 95% of such days (negative binomial, weekdays alike). What each finding expected stands in its table."
    )


def alike_picture(facts: Facts) -> Picture | None:
    if len(facts.alike) < 2 or facts.figures is None:
        return None
    days = facts.alike_days[WEEK - 1 :]
    series = tuple(
        SmallSeries(
            each.name, tuple(each.rate(WEEK, back) for back in range(len(days) - 1, -1, -1)), "" if at == 0 else "alike"
        )
        for at, each in enumerate(facts.alike)
    )
    known = place_pictures.known(facts.figures)
    unit = "people per 100,000 residents in seven days"
    return draw_small_multiples(
        SmallMultiples("Places alike", unit, days, series, place_pictures.SOURCE, known), "alike"
    )


def alike_sentence(facts: Facts) -> str:
    """Why here and not there: the rate here against those alike."""
    if len(facts.alike) < 2:
        return ""
    here, others = facts.alike[0], facts.alike[1:]
    top = max(others, key=lambda each: each.rate(WEEK))
    last = wording.day(facts.alike_days[-1])
    middle = sorted(each.rate(WEEK) for each in others)[len(others) // 2]
    said = (
        f"In the seven days to {last}, {here.name} had {wording.rate(here.rate(WEEK))} people per 100,000; the "
        f"{len(others)} {facts.alike_word} most alike in residents, deprivation and ages{outside(facts)} had "
        f"{wording.rate(middle)} in the middle and at most {wording.rate(top.rate(WEEK))} ({top.name})."
    )
    if here.rate(WEEK) > top.rate(WEEK):
        return f"{said} Who lives there does not explain it by itself."
    return f"{said} Places like it have as many."


def outside(facts: Facts) -> str:
    """Of a cluster: that its own places are not among those compared."""
    return ", outside the cluster," if facts.row["level"] == "cluster" else ""


def alike_method(facts: Facts) -> str:
    """What alike means, and which places are left out of it."""
    left_out = " Places that the cluster itself touches are left out." if facts.row["level"] == "cluster" else ""
    return (
        "Alike: nearest in residents, mean decile of deprivation and share of people of 60 and over, each over its "
        f"spread among all {facts.alike_word} of the authority.{left_out}"
    )
