"""*Place*: one number and three sentences, then the curve with what is still to come, peers, R, tests and series."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from commonweal.apps.surveillance.pages import place_pictures as pictures
from commonweal.apps.surveillance.pages import place_series
from commonweal.apps.surveillance.pages.addresses import Address
from commonweal.apps.surveillance.pages.place_figures import WEEK, Figures
from commonweal.apps.surveillance.pages.place_series import Told
from commonweal.core import wording
from commonweal.core.pictures import Picture
from commonweal.core.signals.standing import Method, share_limits
from commonweal.web.pages import Computed, Empty, Help, Known, Link, Page, ShownPicture

HELP = Help(
    "One place: how many people tested positive there, whether that grows, and how it stands among its like.",
    (
        ("Seven-day rate", "People with a first positive swab in seven days, for each 100,000 residents."),
        ("95% interval", "Where the rate may lie when chance is allowed for; wide where few people live."),
        ("Likely final count", "What a recent day will count once all its results are here, from past delays."),
        ("R", "How many others each person infects. Above 1 it grows, below 1 it shrinks."),
        ("Kept back", "A publisher hides small counts. We show the numbers between which it lies, never 0."),
        ("As known at", "Only what had arrived by then is counted. The same link shows the same numbers for ever."),
    ),
    "The public health team of the place; for the page itself, the operator of this service.",
)
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Around:
    """Links of a place: what it lies in, its parts, its neighbours; those of other offices without an address."""

    within: tuple[Link, ...]
    inside: tuple[Link, ...]
    inside_words: str
    neighbours: tuple[Link, ...]

    @property
    def others(self) -> bool:
        """Whether any of them is named without an address."""
        return not all(link.href for link in (*self.within, *self.inside, *self.neighbours))


@dataclass(frozen=True)
class PlacePage:
    """The view-model. A part that has nothing to show is None; ``empty`` says why there is no curve."""

    page: Page
    number: str
    number_caption: str
    number_between: str
    lead: tuple[str, ...]
    curve: ShownPicture | None
    forecast: str
    funnel: ShownPicture | None
    standing: str
    published: ShownPicture | None
    reproduction: ShownPicture | None
    positivity: ShownPicture | None
    series: tuple[ShownPicture, ...]
    around: Around
    everything: tuple[Link, ...]
    links: tuple[Link, ...]
    empty: Empty


def build(
    figures: Figures,
    series: Sequence[Told],
    around: Around,
    address: Address,
    method: Method,
    versions: str,
    feeds: str = "",
) -> PlacePage:
    """The whole page from worked-out figures and rows of published series; feeds: how many sent today, in words."""
    drawn = parts(figures, series)
    versions = address.rests_on(versions)
    told = computed(figures, method, versions)

    def shown(key: str) -> ShownPicture | None:
        picture = drawn.get(key)
        return None if picture is None else ShownPicture(picture, address.downloads(key, picture=True), told[key])

    return PlacePage(
        page=page_of(figures, address, feeds),
        number="Not known" if figures.nothing_known else wording.rate(figures.rate.value),
        number_caption=caption(figures),
        number_between=between(figures),
        lead=lead(figures),
        curve=shown("curve"),
        forecast="" if figures.nothing_known else forecast_sentence(figures),
        funnel=shown("funnel"),
        standing=standing_sentence(figures),
        published=shown("published-funnel"),
        reproduction=shown("reproduction"),
        positivity=shown("positivity"),
        series=tuple(
            ShownPicture(
                drawn[key],
                address.downloads(key, picture=True),
                Computed((place_series.step(told.metric),), (place_series.said_by(told),), versions),
            )
            for told in series
            if (key := f"series-{told.metric.id.replace('_', '-')}") in drawn
        ),
        around=around,
        everything=(*address.downloads("by-day", picture=False), address.outlines()),
        links=links_of(figures, address),
        empty=Empty(
            empty_sentence(figures),
            "The first result appears here within a second of being received.",
            Link("See the feeds that send", "/feeds"),
        ),
    )


def parts(figures: Figures, series: Sequence[Told]) -> dict[str, Picture]:
    """Every picture of the page by the name of its download."""
    found = {
        "curve": pictures.curve(figures),
        "funnel": pictures.funnel(figures),
        "published-funnel": pictures.published_funnel(figures),
        "reproduction": pictures.reproduction(figures),
        "positivity": pictures.positivity(figures),
        **{
            f"series-{told.metric.id.replace('_', '-')}": pictures.series(
                figures.subject.name, pictures.known(figures), told
            )
            for told in series
            if told.rows
        },
    }
    return {key: picture for key, picture in found.items() if picture is not None}


def page_of(figures: Figures, address: Address, feeds: str) -> Page:
    swab = f"Newest swab {wording.day(figures.newest)}." if figures.newest else "No swab yet."
    known = Known(
        figures.as_of,
        address.here,
        (f"{swab} {feeds}".strip(),),
        f"days after {wording.day(figures.last)} are still arriving.",
        latest=address.newest if address.pinned else "",
        rebuild=address.path,
    )
    return Page(figures.subject.name, HELP, known=known)


def links_of(figures: Figures, address: Address) -> tuple[Link, ...]:
    """To why it rises (worked out for a region at most), and what people know."""
    code, moment = figures.subject.code, f"?{address.moment}" if address.pinned else ""
    known = Link("What people know here", f"/places/{code}/known")
    if figures.subject.word == "country":
        return (known,)
    why = "Why is it rising?" if figures.trend.direction == "rising" else "What changed?"
    return Link(why, f"/places/{code}/why{moment}"), known


def caption(figures: Figures) -> str:
    """What the number is."""
    if figures.nothing_known:
        return "no result of these days, positive or negative, had been received"
    if figures.rate.value is None:
        return f"no residents are loaded for {figures.subject.name}, so there is no rate"
    return "people per 100,000 residents in seven days"


def between(figures: Figures) -> str:
    """Where it may lie by chance, and what it was yesterday; empty without a rate."""
    if figures.rate.value is None or figures.nothing_known:
        return ""
    interval = f"95% interval {wording.rate(figures.rate.low)} to {wording.rate(figures.rate.high)}"
    return f"{wording.upper_first(interval)}. Yesterday this page said {wording.rate(figures.rate_before.value)}."


# The sentences --------------------------------------------------------------------------------------------------------


def empty_sentence(figures: Figures) -> str:
    """Why there is no curve."""
    if figures.nothing_known:
        return f"No result of anybody in {figures.subject.name} had been received."
    return f"Nobody in {figures.subject.name} is known to have tested positive in these {len(figures.days)} days."


def lead(figures: Figures) -> tuple[str, ...]:
    """The rate, the trend and the tests in words; where nothing had been received, that and nothing else."""
    if figures.nothing_known:
        days = f"{wording.day(figures.days[0].day)} to {wording.day_and_year(figures.today)}"
        return (f"Of {figures.subject.name} nothing is known for {days}. That is not nought: nobody had told us.",)
    return rate_sentence(figures), trend_sentence(figures), tests_sentence(figures)


def rate_sentence(figures: Figures) -> str:
    name, people = figures.subject.name, figures.rate.people
    of = f", of {wording.thousands(figures.rate.residents)} residents" if figures.rate.residents else ""
    said = f"{wording.counted(people, 'person', 'people')} in {name} tested positive"
    return f"{said} in the seven days to {wording.day(figures.last)}{of}."


def trend_sentence(figures: Figures) -> str:
    """Rising, falling or not clear, with both weeks; the pace; R."""
    trend = figures.trend
    before = f"{wording.thousands(trend.before)} in the week before"
    if trend.this + trend.before == 0:
        return "Nobody in the week before either."
    if trend.direction == "unclear":
        said = f"Whether it rises or falls cannot be told yet: it was {before}."
    else:
        said = f"It is {trend.direction}: it was {before}{pace(figures)}."
    found = figures.r
    if found is None:
        return said
    day, r = found
    low, middle, high = r.ends[0], r.ends[2], r.ends[4]
    return (
        f"{said} Each person infects about {middle:.1f} others (90% interval {low:.1f} to {high:.1f}, "
        f"seven days to {wording.day(day)})."
    )


def pace(figures: Figures) -> str:
    """', which doubles in about 6 days (between 4 and 12)'; nothing where no number of days can be told."""
    trend = figures.trend
    if trend.days is None or trend.days_between is None:
        return ""
    verb = "doubles" if trend.direction == "rising" else "halves"
    first, second = (max(1, round(end)) for end in trend.days_between)
    between = f" (between {first} and {second})" if first < second and not math.isinf(second) else ""
    return f", so it {verb} in about {wording.counted(max(1, round(trend.days)), 'day', 'days')}{between}"


def tests_sentence(figures: Figures) -> str:
    """Positivity with numerator and denominator, and whether testing grew."""
    positive, every = figures.tests_to(figures.last)
    if not every:
        return f"No test is known for the week to {wording.day(figures.last)}."
    low, high = share_limits_said(positive, every)
    of = f"{wording.thousands(positive)} of {wording.thousands(every)}"
    said = f"{wording.percentage(positive / every)} of tests were positive ({of}; 95% interval {low} to {high})"
    week_before = figures.last - timedelta(days=WEEK)
    if week_before - timedelta(days=WEEK - 1) < figures.days[0].day:
        return f"{said}."
    _, before = figures.tests_to(week_before)
    if not before:
        return f"{said}; none were made in the week before."
    change = every / before - 1
    if abs(change) < 0.05:
        return f"{said}; about as many tests as in the week before."
    return f"{said}; {abs(change):.0%} {'more' if change > 0 else 'fewer'} tests than in the week before."


def share_limits_said(part: int, whole: int) -> tuple[str, str]:
    low, high = share_limits(part, whole)
    return wording.percentage(low), wording.percentage(high)


def forecast_sentence(figures: Figures) -> str:
    """What the thin intervals over the newest days say, or why there are none."""
    if figures.why_no_forecast:
        return f"What is still to come for the newest days cannot be foretold: {figures.why_no_forecast}."
    told = [each for each in figures.days if each.likely and not each.complete]
    if not told or figures.open_total is None:
        return ""
    counted, (low, high) = sum(sum(each.people) for each in told), figures.open_total
    days = f"{wording.day(told[0].day)} to {wording.day(told[-1].day)}" if len(told) > 1 else wording.day(told[0].day)
    so_far = f"{wording.upper_first(days)}: {wording.counted(counted, 'person', 'people')} so far"
    newer = [each for each in figures.days if each.day > told[-1].day]
    early = " For newer days it is too early to tell." if newer else ""
    if high <= counted:
        return f"{so_far}, and hardly more are expected.{early}"
    in_the_end = f"{wording.thousands(max(low, counted))} to {wording.thousands(high)} in the end"
    return f"{so_far}; by past delays {in_the_end}.{early}"


def standing_sentence(figures: Figures) -> str:
    """Where the place stands among its like, or which of its parts stand out."""
    subject, peers = figures.subject, figures.peers
    if len(peers) < 2:
        return ""
    words = f"{len(peers)} {subject.compared_words} of {subject.compared_in}"
    here = next((each for each in peers if each.code == subject.code), None)
    if here is None:
        out = [each for each in peers if each.outside and each.seen > each.expected]
        if not out:
            return f"None of the {words} stands out above the others by more than chance."
        top = sorted(out, key=lambda each: each.expected / max(each.seen, 1))[:3]
        names = wording.joined([subject.compared.get(each.code, each.code) for each in top])
        more = f" and {len(out) - len(top)} more" if len(out) > len(top) else ""
        verb = "stands" if len(out) == 1 else "stand"
        return f"Of the {words}, {names}{more} {verb} out above the others by more than chance."
    higher = sum(each.seen / each.residents > here.seen / here.residents for each in peers)
    if higher in (0, len(peers) - 1):
        place = "the highest rate" if higher == 0 else "the lowest rate"
    else:
        place = f"a rate lower than {wording.counted(higher, 'other', 'others')}"
    verdict = "a difference that chance hardly makes" if here.outside else "a difference that chance may make"
    return (
        f"Among the {words} it has {place}: {wording.counted(here.seen, 'person', 'people')} where "
        f"{wording.rate(here.expected)} would be its share, {verdict}."
    )


# How it was computed --------------------------------------------------------------------------------------------------


def computed(figures: Figures, method: Method, versions: str) -> dict[str, Computed]:
    """For each picture: steps with their parameters, data, versions."""
    laboratories, note = "results received from laboratories", figures.subject.residents_note
    likely = (
        f"Delays of the last days in which results were seen coming in are learnt for this place and those that share "
        f"its laboratories, by weekday; a delay of {method.delays} days or more counts as {method.delays}.",
        "After 26 days of arrivals past forecasts are compared with what came and the intervals made as wide as they "
        "were wrong; before, the spread of delays beyond chance is assumed.",
        f"Of a day of which less than {method.least_told:.0%} is thought to be here, nothing is foretold.",
        "Method: reverse hazards (Lawless 1994), negative binomial.",
    )
    none = (f"Nothing is foretold for the newest days: {figures.why_no_forecast}.",)
    foretold = none if figures.why_no_forecast else likely
    return {
        "curve": Computed(
            (
                "Results of one person are joined; an episode counts once, on the day of its first positive swab.",
                f"A day counts as complete {method.complete_after} days later; the newer ones are hatched.",
                *foretold,
            ),
            (laboratories,),
            versions,
        ),
        "funnel": Computed(
            (
                f"People in the seven days to {wording.day(figures.last)} over residents, against the rate of all.",
                "Limits: exact Poisson, interpolated; outside means beyond 99.8%.",
            ),
            (laboratories, note),
            versions,
        ),
        "published-funnel": Computed(
            (
                "What is published of every place of this level, the same for every reader; places without all seven "
                "days, or with a value that is kept back, are left out.",
                "Limits: exact Poisson, interpolated; outside means beyond 99.8%.",
            ),
            (figures.published.source if figures.published else "", note),
            versions,
        ),
        "reproduction": Computed(
            (
                f"Windows of {method.window} days; serial interval {method.serial_mean:g} days, standard deviation "
                f"{method.serial_sd:g}, a gamma distribution shifted by one day.",
                "Beforehand R is taken to be 1 with a standard deviation of 5.",
                f"Averaged over {method.draws} drawn futures of the newest days, up to the last day of which "
                f"{method.least_share:.0%} is thought to be here."
                if not figures.why_no_forecast
                else "Only days that count as complete.",
                "Method: Cori and others, 2013.",
            ),
            (laboratories,),
            versions,
        ),
        "positivity": Computed(
            (
                "Virus tests with a result, positive or negative; void tests and antibody tests are left out.",
                "Interval: Wilson, 95%.",
            ),
            (laboratories,),
            versions,
        ),
    }
