"""*Signal*: what departs, since when, how sure, what it rests on, its life, and places alike at the same moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from commonweal.apps.surveillance.pages import how, place_pictures
from commonweal.apps.surveillance.pages import signal_words as words
from commonweal.apps.surveillance.pages.addresses import Address
from commonweal.apps.surveillance.pages.place_figures import WEEK, Figures
from commonweal.apps.surveillance.pages.signal_words import Names
from commonweal.apps.surveillance.pages.signals import Swept
from commonweal.core import wording
from commonweal.core.formats.indicators.metrics import Metric
from commonweal.core.pictures import (
    BandDay,
    Column,
    ExpectedBand,
    Picture,
    PictureTable,
    SmallMultiples,
    SmallSeries,
    draw_expected_band,
    draw_small_multiples,
)
from commonweal.core.pictures.table import Cell
from commonweal.core.signals.alike import LEAST_BASELINE, Expected, Traits, expected
from commonweal.core.signals.sweep import RULE
from commonweal.web import times
from commonweal.web.pages import Computed, Help, Known, Link, Page, ShownPicture, ShownTable

HELP = Help(
    "One signal: a place and period in which more people test positive than was to be expected, told once.",
    (
        ("State", "New, growing, fading, over or back again; each change stands below with what made it."),
        ("Seen and expected", "People counted, and how many the place's own past, tests or neighbours would give."),
        ("Chance alone", "In how many days chance would bring one as sure, after allowing for all places looked at."),
        ("Held back", "A finding that a change of definition or a late batch explains; it raised no signal."),
        ("Places alike", "Places of the same kind with similar numbers of residents, deprivation and ages."),
    ),
    "The public health team of the place; for the methods, the operator of this service.",
)
BASELINE = 28
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Alike:
    """A place alike: its traits, and people by day over the days compared."""

    code: str
    name: str
    traits: Traits
    people: tuple[int, ...]

    def rate(self, days: int, back: int = 0) -> float:
        """People in so many days, ending so many days before the last, per 100,000 residents."""
        last = len(self.people) - back
        return 100_000 * sum(self.people[max(0, last - days) : last]) / self.traits.residents


CURVE_STEPS = (
    "The small areas of the signal, or its place, are added up.",
    "Results of one person are joined; an episode counts once, on the day of its first positive swab.",
    "The likely final counts of the newest days come from past delays, by the method on the page of the place.",
)
SERIES_STEPS = (
    "As published; a later publication replaces an earlier one from its day on.",
    "The newest week is held against the same seven days of the weeks before: parameters/signals/sweep.yaml, series.",
)
MAP_STEPS = (
    "Areas by people with a first positive swab in the last seven days that count as complete, over residents, in five "
    "fixed classes, the same on all pages and days.",
    "The small areas of the signal are outlined.",
)


@dataclass(frozen=True)
class Facts:
    """What was read of a signal. ``series``: the loaded series that told it, with its values at the place. ``figures``
    are those of its small areas (or its place) as far as the office reads them; ``whole`` says whether that is all of
    it, ``codes`` are the authorities of it that the office reads. ``alike`` begins with the signal's own place.
    ``others``: titles by number of the signals merged with it that the office reads."""

    row: Row
    names: Names
    changes: Sequence[Row]
    findings: Sequence[Row]
    figures: Figures | None
    whole: bool
    alike: tuple[Alike, ...]
    alike_word: str
    alike_days: tuple[date, ...]
    codes: tuple[str, ...]
    others: Mapping[int, str] = field(default_factory=dict)
    series: tuple[Metric, Sequence[Row]] | None = None


@dataclass(frozen=True)
class Merged:
    """What was said of this and other signals being one, and the pages of those that the office reads."""

    sentence: str
    links: tuple[Link, ...]


@dataclass(frozen=True)
class SignalPage:
    """The view-model of the page."""

    page: Page
    state: str
    number: str
    number_caption: str
    lead: tuple[str, ...]
    evidence: tuple[str, ...]
    merged: tuple[Merged, ...]
    next_step: Link | None
    links: tuple[Link, ...]
    series: ShownPicture | None
    curve: ShownPicture | None
    partial: str
    band: ShownPicture | None
    area_map: ShownPicture | None
    alike_sentence: str
    alike: ShownPicture | None
    alike_table: ShownTable | None
    history: ShownTable
    findings: ShownTable | None


def build(
    facts: Facts,
    area_map: Picture | None,
    address: Address,
    versions: str,
    *,
    may_judge: bool = False,
    swept: Swept | None = None,
) -> SignalPage:
    """The page from what was read; ``may_judge``: the office may say what it makes of the signal."""
    row = facts.row
    drawn = pictures(facts) | ({"map": area_map} if area_map else {})
    tabled = tables(facts)

    def shown(key: str, steps: tuple[str, ...], source: str = "results received") -> ShownPicture | None:
        picture = drawn.get(key)
        if picture is None:
            return None
        downloads = address.downloads(key, picture=True, area_map=key == "map")
        return ShownPicture(picture, downloads, Computed(steps, (source,), address.rests_on(versions)))

    def listed(key: str) -> ShownTable | None:
        table = tabled.get(key)
        if table is None:
            return None
        steps = (alike_method(facts),)
        told = Computed(steps, ("results received", "residents of small areas"), address.rests_on(versions))
        if key != "alike-table":
            told = how.of_life(how.by_sweep(swept.ran if swept else None), address)
        also = (address.outlines(),) if key == "history" else ()
        return ShownTable(table, (*address.downloads(key, picture=False), *also), identity=key, computed=told)

    return SignalPage(
        page=page_of(facts, address, swept),
        state=words.STATES[row["state"]],
        number=wording.thousands(round(row["observed"])) if row["observed"] is not None else "",
        number_caption=caption(facts),
        lead=lead(facts),
        evidence=tuple(facts.names.said(each) for each in dict.fromkeys(row["evidence"])),
        merged=merged(facts, address),
        next_step=next_step(facts, address) if may_judge else None,
        links=links(facts, address),
        series=shown("series", SERIES_STEPS, facts.series[0].source) if facts.series else None,
        curve=shown("curve", CURVE_STEPS),
        partial=partial(facts),
        band=shown("expected", (band_method(facts), "A triangle marks a day of a finding above the band.")),
        area_map=shown("map", MAP_STEPS),
        alike_sentence=alike_sentence(facts),
        alike=shown("alike", (alike_method(facts),)),
        alike_table=listed("alike-table"),
        history=listed("history") or ShownTable(PictureTable("History", (), ())),
        findings=listed("findings"),
    )


def page_of(facts: Facts, address: Address, swept: Swept | None) -> Page:
    row = facts.row
    name = words.title(row, facts.names)
    known = Known(
        address.as_of,
        address.here,
        fresh(row, swept, address),
        "the newest days are still arriving." if facts.figures else "",
        latest=address.newest if address.pinned else "",
        rebuild=address.path,
    )
    return Page(f"{name}: {words.STATES[row['state']]}", HELP, (Link("Signals", "/signals"), Link(name, "")), known)


def fresh(row: Row, swept: Swept | None, address: Address) -> tuple[str, ...]:
    """When it was last looked for, and when that last changed it."""
    changed = f"Last changed on {wording.day(row['morning'])}, by sweep {row['sweep_id']}."
    return (changed,) if swept is None else (f"Newest sweep {times.when(swept.known_at, address.as_of)}.", changed)


def caption(facts: Facts) -> str:
    """What the number counts."""
    row = facts.row
    newest = next((each for each in facts.findings if each["signal"] == row["number"]), None)
    if row["observed"] is None:
        return ""
    label, unit = facts.names.series.get(row.get("told_by", ""), ("", ""))
    if unit:
        said = wording.lower_first(label)
        return f"{said if said.startswith(unit) else f'{unit}: {said}'}, at the newest change"
    if newest is None:
        return "people seen at the newest change"
    first, last = newest["first_day"], newest["last_day"]
    days = (last - first).days + 1
    said = "people who tested positive" if days > 1 else "people who tested positive that day"
    return f"{said}, {wording.day(first)} to {wording.day(last)}" if days > 1 else f"{said}, {wording.day(last)}"


def lead(facts: Facts) -> tuple[str, ...]:
    """State and since when; against what was expected; how sure."""
    row, names = facts.row, facts.names
    since = words.since(row["opened_on"], row["morning"])
    rate = f" The rate is {wording.rate(row['rate'])} per 100,000 residents in seven days." if row["rate"] else ""
    place = f"{words.title(row, names)}, {words.authorities(row, names)}"
    first = f"{place}, is {words.STATES[row['state']]}; it was first found on {since.removeprefix('since ')}.{rate}"
    newest = next((each for each in facts.findings if says_expected(each, row)), None)
    said = [first]
    if newest is not None:
        between = ""
        if newest["expected_low"] is not None and newest["expected_high"] is not None:
            between = f" (90% range {wording.rate(newest['expected_low'])} to {wording.rate(newest['expected_high'])})"
        seen = words.size(newest["observed"], newest.get("source", ""), names)
        said.append(f"{seen} where {wording.rate(newest['expected'])} were to be expected{between}.")
    if row["recurrence_days"] is not None:
        said.append(f"{wording.upper_first(words.chance(row['recurrence_days']))}.")
    return tuple(said)


def merged(facts: Facts, address: Address) -> tuple[Merged, ...]:
    """Where the signal went, and what went into it."""
    row, moment = facts.row, f"?{address.moment}" if address.pinned else ""
    found = []
    for numbers, one, several in (
        (row.get("merged_into", ()), "It was merged into another signal, under which it stands in the list",
         "It was merged into other signals, under which it stands in the list"),
        (row.get("merged", ()), "Another signal was merged into it", "Other signals were merged into it"),
    ):  # fmt: skip
        links = tuple(Link(facts.others[each], f"/signals/{each}{moment}") for each in numbers if each in facts.others)
        unseen = len(numbers) - len(links)
        rest = f" ({unseen} of them {'lies' if unseen == 1 else 'lie'} with other offices)" if unseen else ""
        if numbers:
            found.append(Merged(f"{one if len(numbers) == 1 else several}{rest}.", links))
    return tuple(found)


def says_expected(finding: Row, signal: Row) -> bool:
    """Whether a finding of the signal's own source says what was expected of the people it counts; the line of the rate
    rule, which older findings keep there, is for what will be reported in the end."""
    told_by = signal.get("told_by")
    own = finding["signal"] == signal["number"] and (not told_by or finding.get("source", told_by) == told_by)
    return own and finding["expected"] is not None and not finding["method"].startswith(RULE)


def next_step(facts: Facts, address: Address) -> Link | None:
    """To say what one makes of it; not on a past moment."""
    if address.pinned:
        return None
    return Link("Confirm, explain or dispute it", f"/signals/{facts.row['number']}/judgements")


def links(facts: Facts, address: Address) -> tuple[Link, ...]:
    """To why it rises and to all figures, of the neighbourhood where the signal is of small areas."""
    row = facts.row
    code = facts.names.neighbourhood_of.get(row["place_code"] or "", row["place_code"])
    authority = facts.names.authority_of.get(row["place_code"] or "")
    if not code or not (facts.whole or authority in facts.codes):
        return ()
    name, moment = facts.names.of(code), f"?{address.moment}" if address.pinned else ""
    return (
        Link("Why is it rising?", f"/places/{code}/why{moment}"),
        Link(f"All figures of {name}", address.of_place(code)),
        Link(f"What people know of {name}", f"/places/{code}/known"),
    )


def partial(facts: Facts) -> str:
    """What of the signal the office does not read."""
    if facts.figures is None:
        return "Its counts lie with other offices, or it has no place of its own; the findings below say what was seen."
    if facts.row["kind"] == "setting":
        return "The pictures count everybody in the small areas where most of its people live, not the setting alone."
    if not facts.whole:
        return "Parts of it lie with other offices: the pictures show the small areas that your office reads."
    return ""


# Pictures -------------------------------------------------------------------------------------------------------------


def pictures(facts: Facts) -> dict[str, Picture]:
    """Curve, expected band and places alike."""
    figures = facts.figures
    found: dict[str, Picture | None] = {"alike": alike_picture(facts)}
    if figures is not None and facts.series is not None:
        found["series"] = place_pictures.series(figures, *facts.series)
    if figures is not None:
        found |= {"curve": place_pictures.curve(figures), "expected": band_picture(facts, figures)}
    return {key: picture for key, picture in found.items() if picture is not None}


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
        f"{len(others)} {facts.alike_word} most alike in residents, deprivation and ages had {wording.rate(middle)} in "
        f"the middle and at most {wording.rate(top.rate(WEEK))} ({top.name})."
    )
    if here.rate(WEEK) > top.rate(WEEK):
        return f"{said} Who lives there does not explain it by itself."
    return f"{said} Places like it have as many."


def alike_method(facts: Facts) -> str:
    return (
        "Alike: nearest in residents, mean decile of deprivation and share of people of 60 and over, each over its "
        f"spread among all {facts.alike_word} of the authority."
    )


# Tables ---------------------------------------------------------------------------------------------------------------


def tables(facts: Facts) -> dict[str, PictureTable]:
    """History, findings, places alike."""
    found = {"history": history(facts), "findings": findings(facts), "alike-table": alike_table(facts)}
    return {key: table for key, table in found.items() if table is not None and table.rows}


def history(facts: Facts) -> PictureTable:
    """Every change, the newest first, with the findings that made it."""
    columns = (
        Column("Known at", numeric=False),
        Column("State", numeric=False),
        Column("Place", numeric=False),
        Column("People", absent="not counted"),
        Column("Rate per 100,000", decimals=1, absent="not said"),
        Column("What made it", numeric=False),
        Column("Sweep"),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            times.moment(each["known_at"]), words.STATES[each["state"]], words.where(each, facts.names) or "as before",
            each["observed"], each["rate"] or None,
            facts.names.said(" ".join(dict.fromkeys(each["evidence"])))
            or f"nothing found up to {wording.day(each['morning'])}",
            each["sweep_id"],
        )
        for each in reversed(facts.changes)
    )  # fmt: skip
    return PictureTable("Its history, the newest first", columns, rows)


def findings(facts: Facts) -> PictureTable:
    """What each method said, the newest first."""
    columns = (
        Column("Morning", numeric=False),
        Column("Method", numeric=False),
        Column("Place", numeric=False),
        Column("Days", numeric=False),
        Column("Seen"),
        Column("Expected", decimals=1, absent="not said"),
        Column("90% from", decimals=1, absent="not said"),
        Column("90% to", decimals=1, absent="not said"),
        Column("How sure", numeric=False, absent="not said by this method"),
        Column("Told", numeric=False),
        Column("In words", numeric=False),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            each["morning"], each["method"].replace("_", " "),
            f"{facts.names.short(each['place_code'], each['level'])} ({words.LEVELS[each['level']]})",
            f"{wording.short_day(each['first_day'])} to {wording.short_day(each['last_day'])}",
            each["observed"], each["expected"], each["expected_low"], each["expected_high"],
            words.sureness(each), "held back" if each["held_by"] is not None else "told",
            facts.names.said(each["evidence"]),
        )
        for each in facts.findings
    )  # fmt: skip
    return PictureTable("What each method found, the newest first", columns, rows)


def alike_table(facts: Facts) -> PictureTable | None:
    if len(facts.alike) < 2:
        return None
    columns = (
        Column("Place", numeric=False),
        Column("Seven-day rate", decimals=1),
        Column("A week before", decimals=1),
        Column("People"),
        Column("Residents"),
        Column("Mean deprivation decile", decimals=1),
        Column("60 and over", percent=True),
    )
    rows = tuple(
        (
            each.name, each.rate(WEEK), each.rate(WEEK, WEEK), sum(each.people[-WEEK:]), each.traits.residents,
            each.traits.decile, each.traits.older,
        )
        for each in facts.alike
    )  # fmt: skip
    return PictureTable("This place and those alike, at the same moment", columns, rows)
