"""*My area*: three sentences and one picture, then everything that stands behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from commonweal.apps.intake.pages import area_figures as figures
from commonweal.apps.intake.pages import area_pictures as pictures
from commonweal.apps.intake.pages.area_figures import AreaFacts, Limits, Reading
from commonweal.apps.intake.pages.area_pictures import Address
from commonweal.core import wording
from commonweal.core.pictures import AreaShape, CurveEvent
from commonweal.web import times
from commonweal.web.pages import Empty, Help, Known, Link, Page, ShownPicture, ShownTable

SMALL_NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
HELP = Help(
    "Test results of people who live in your area, as laboratories sent them, and what they add up to.",
    (
        ("Day of swab", "The day on which the sample was taken. Every series on this page runs by it."),
        (
            "People who tested positive",
            "Each person once in an episode of infection, on the day of the first positive swab.",
        ),
        ("As known at", "Only what had arrived by then is counted. The same link shows the same numbers for ever."),
        ("Still arriving", "Days so recent that more results are expected for them."),
        ("Hospital tests, community tests", "Pillar 1 of the testing programme, and its other pillars."),
    ),
    "Your area's public health team; for the page itself, the operator of this service.",
)


@dataclass(frozen=True)
class MyArea:
    """The view-model of the page. A part that has nothing to show is None, and ``empty`` says why."""

    page: Page
    place: str
    lead: tuple[str, ...]
    curve: ShownPicture | None
    latest: ShownTable | None
    positivity: ShownPicture | None
    positivity_sentence: str
    ages: ShownPicture | None
    area_map: ShownPicture | None
    area_table: ShownTable | None
    empty: Empty


def build(
    facts: AreaFacts,
    reading: Reading,
    limits: Limits,
    address: Address,
    *,
    shapes: Sequence[AreaShape] = (),
    events: Sequence[CurveEvent] = (),
    looking_back: bool = False,
) -> MyArea:
    """The whole page. ``looking_back``: a past moment is shown, so nothing updates and a link leads to now."""
    last = figures.last_complete_day(facts.today, reading)
    drawn = pictures.of_area(facts, reading, limits, address, shapes, events)
    return MyArea(
        page=page_of(facts, reading, address, looking_back=looking_back),
        place=facts.place,
        lead=lead(facts, reading),
        curve=pictures.shown(drawn.curve, "curve", address, facts, pictures.curve_computed(reading)),
        latest=pictures.latest_table(facts, address),
        positivity=pictures.shown(drawn.positivity, "positivity", address, facts),
        positivity_sentence=positivity_sentence(facts, last, limits),
        ages=pictures.shown(drawn.ages, "ages", address, facts),
        area_map=pictures.shown_map(drawn.areas, "areas", address, facts, pictures.rate_computed(facts, last)),
        area_table=None if drawn.areas else pictures.area_table(facts, last, address),
        empty=Empty(
            "No result for this area has arrived yet.",
            "The first one appears here within a second of being received.",
            Link("See the feeds that send", "/feeds"),
        ),
    )


def page_of(facts: AreaFacts, reading: Reading, address: Address, *, looking_back: bool) -> Page:
    known = Known(
        facts.as_of,
        address.at(facts),
        freshness(facts),
        f"days after {wording.day(figures.last_complete_day(facts.today, reading))} are still arriving.",
        latest=f"{address.path}{address.query}" if looking_back else "",
        rebuild=address.path,
    )
    live = "" if looking_back else address.live(facts)
    return Page(f"My area: {facts.place}", HELP, known=known, live=live)


def freshness(facts: AreaFacts) -> tuple[str, ...]:
    newest = figures.newest_day(facts.daily)
    sent_today = sum(1 for _, at in facts.feeds if at is not None and times.local(at).date() == facts.today)
    swab = f"Newest swab {wording.day(newest)}" if newest else "No swab yet"
    feeds = f"{swab}; {sent_today} of {wording.counted(len(facts.feeds), 'feed', 'feeds')} sent today."
    return (feeds, *latency_sentence(facts))


def latency_sentence(facts: AreaFacts) -> tuple[str, ...]:
    """How soon results were on open pages, local and national beside each other; nothing when no page was open."""
    said = [
        f"{tier} pages {'later than 5 seconds' if kept is None else f'within {wording.seconds(kept)}'}"
        for tier, kept in sorted(facts.latency.items())
    ]
    start = "After they were stored, 95 of 100 results of the last hour reached"
    return (f"{start} {wording.joined(said)}.",) if said else ()


# The three sentences --------------------------------------------------------------------------------------------------


def lead(facts: AreaFacts, reading: Reading) -> tuple[str, ...]:
    """Since you last looked; the rate and yesterday's; care homes newly affected."""
    return (since_sentence(facts), rate_sentence(facts, reading), care_home_sentence(facts))


def since_sentence(facts: AreaFacts) -> str:
    if facts.last_looked is None:
        people = sum(sum(counts.values()) for counts in figures.people_by_day(facts.daily).values())
        days = wording.counted(len({row["day"] for row in facts.daily}), "day", "days")
        said = wording.counted(people, "person", "people")
        return f"This is your first look at {facts.place}: {said} tested positive, by swabs of {days}."
    by_group = figures.grouped(facts.since, facts.areas)
    people = sum(by_group.values())
    start = f"Since you last looked ({times.when(facts.last_looked, facts.as_of)}): "
    if people < 0:
        return f"{start}{wording.counted(-people, 'person', 'people')} fewer, after corrections."
    if people == 0:
        return f"{start}nobody more tested positive."
    names = {area.group_code: area.group_name for area in facts.areas.values()}
    code, most = max(by_group.items(), key=lambda pair: (pair[1], pair[0]))
    where = f", {wording.thousands(most)} of them in {names.get(code, code)}" if most > 1 and len(by_group) > 1 else ""
    return f"{start}{wording.thousands(people)} more {'person' if people == 1 else 'people'} tested positive{where}."


def rate_sentence(facts: AreaFacts, reading: Reading) -> str:
    now = figures.week_rate(facts.daily, figures.last_complete_day(facts.today, reading), facts.residents)
    then = figures.week_rate(facts.daily_before, now.last - timedelta(days=1), facts.residents)
    if now.value is None:
        return f"The seven-day rate is not known: no residents are loaded for {facts.place}."
    people = wording.counted(now.people, "person", "people")
    said = f"Seven-day rate {wording.rate(now.value)} per 100,000 residents ({people} to {wording.day(now.last)})"
    return f"{said}; yesterday {wording.rate(then.value)}."


def care_home_sentence(facts: AreaFacts) -> str:
    homes = facts.new_care_homes
    if homes is None:
        return "Care homes newly affected are counted from single records, which your office does not read here."
    if not homes:
        return "No care home is newly affected."
    number = SMALL_NUMBERS[len(homes)] if len(homes) < len(SMALL_NUMBERS) else wording.thousands(len(homes))
    verb = "care home is" if len(homes) == 1 else "care homes are"
    listed = f": {wording.joined(homes)}" if len(homes) <= 3 else ""
    return f"{number} {verb} newly affected{listed}."


def positivity_sentence(facts: AreaFacts, last: date, limits: Limits) -> str:
    positive, all_tests = figures.week_tests(figures.tests_by_day(facts.daily), last)
    if not all_tests:
        return f"No test is known for the week to {wording.day(last)}."
    low, high = limits(positive, all_tests)
    share = wording.share_of(positive, all_tests)
    return (
        f"In the week to {wording.day(last)}, {share} of tests were positive "
        f"(95% interval {wording.percentage(low)} to {wording.percentage(high)})."
    )
