"""*Signal*: what departs, since when, how sure, what it rests on, its life, and places alike at the same moment."""

from __future__ import annotations

from dataclasses import dataclass

from commonweal.apps.surveillance.pages import how, place_series, signal_past
from commonweal.apps.surveillance.pages import signal_words as words
from commonweal.apps.surveillance.pages.addresses import Address
from commonweal.apps.surveillance.pages.place_figures import WEEK
from commonweal.apps.surveillance.pages.signal_facts import Facts, Row
from commonweal.apps.surveillance.pages.signal_pictures import alike_method, alike_sentence, band_method, pictures
from commonweal.apps.surveillance.pages.signal_tables import tables
from commonweal.apps.surveillance.pages.signals import Swept
from commonweal.core import wording
from commonweal.core.pictures import (
    Picture,
    PictureTable,
)
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


CURVE_STEPS = (
    "The small areas of the signal, or its place, are added up.",
    "Results of one person are joined; an episode counts once, on the day of its first positive swab.",
    "The likely final counts of the newest days come from past delays, by the method on the page of the place.",
)
GROWN_STEPS = (
    "People whose records name this setting, with a first positive swab in the days that its definition looks at, up "
    "to the morning; an episode counts once.",
    "One bar for each morning on which a sweep found it; of several sweeps of a morning the newest of "
    "those that counted people of most authorities.",
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
    past: ShownPicture | None
    no_range: str
    curve: ShownPicture | None
    grown: ShownPicture | None
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
    feeds: str = "",
) -> SignalPage:
    """The page from what was read; ``may_judge``: the office may say what it makes of the signal; feeds: how
    many sent today, in words."""
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
        identity = "places-alike" if key == "alike-table" else key  # the picture's own table has that name
        return ShownTable(table, (*address.downloads(key, picture=False), *also), identity=identity, computed=told)

    return SignalPage(
        page=page_of(facts, address, swept, feeds),
        state=words.STATES[row["state"]],
        number=wording.thousands(round(row["observed"])) if row["observed"] is not None else "",
        number_caption=caption(facts),
        lead=lead(facts),
        evidence=tuple(facts.names.said(each) for each in dict.fromkeys(row["evidence"])),
        merged=merged(facts, address),
        next_step=next_step(facts, address) if may_judge else None,
        links=links(facts, address),
        series=shown("series", SERIES_STEPS[:1], place_series.said_by(facts.series.series)) if facts.series else None,
        past=shown("past", (*SERIES_STEPS, signal_past.method(facts.series)), place_series.said_by(facts.series.series))
        if facts.series
        else None,
        no_range="" if "past" in drawn else signal_past.absent(facts.series),
        curve=shown("curve", CURVE_STEPS),
        grown=shown("grown", GROWN_STEPS),
        partial=partial(facts),
        band=shown("expected", (band_method(facts), "A triangle marks a day of a finding above the band.")),
        area_map=shown("map", MAP_STEPS),
        alike_sentence=alike_sentence(facts),
        alike=shown("alike", (alike_method(facts),)),
        alike_table=listed("alike-table"),
        history=listed("history") or ShownTable(PictureTable("History", (), ())),
        findings=listed("findings"),
    )


def page_of(facts: Facts, address: Address, swept: Swept | None, feeds: str) -> Page:
    row = facts.row
    name = words.title(row, facts.names)
    known = Known(
        address.as_of,
        address.here,
        (*fresh(row, swept, address), *newest_swab(facts, feeds)),
        f"days after {wording.day(facts.figures.last)} are still arriving."
        if facts.figures
        else "the newest days are still arriving.",
        latest=address.newest if address.pinned else "",
        rebuild=address.path,
    )
    return Page(f"{name}: {words.STATES[row['state']]}", HELP, (Link("Signals", "/signals"), Link(name, "")), known)


def fresh(row: Row, swept: Swept | None, address: Address) -> tuple[str, ...]:
    """When it was last looked for, and when that last changed it."""
    changed = f"Last changed on {wording.day(row['morning'])}, by sweep {row['sweep_id']}."
    return (changed,) if swept is None else (f"Newest sweep {times.when(swept.known_at, address.as_of)}.", changed)


def newest_swab(facts: Facts, feeds: str) -> tuple[str, ...]:
    """How new the results are on which the pictures rest."""
    newest = facts.figures.newest if facts.figures else None
    said = f"{f'Newest swab {wording.day(newest)}. ' if newest else ''}{feeds}".strip()
    return (said,) if said else ()


def caption(facts: Facts) -> str:
    """What the number counts."""
    row = facts.row
    counted = facts.counted
    if row["observed"] is None:
        return ""
    label, unit = facts.names.series.get(row.get("told_by", ""), ("", ""))
    if unit:
        said = wording.lower_first(label)
        return f"{said if said.startswith(unit) else f'{unit}: {said}'}, at the newest change"
    if counted is None:
        return "people seen at the newest change"
    first, last = counted["first_day"], counted["last_day"]
    days = (last - first).days + 1
    said = "people who tested positive" if days > 1 else "people who tested positive that day"
    return f"{said}, {wording.day(first)} to {wording.day(last)}" if days > 1 else f"{said}, {wording.day(last)}"


def lead(facts: Facts) -> tuple[str, ...]:
    """State and since when; against what was expected; how sure."""
    row, names = facts.row, facts.names
    since = words.since(row["opened_on"], row["morning"])
    rate = (
        f" The rate is {wording.rate(row['rate'])} per 100,000 residents in {rate_days(facts)}." if row["rate"] else ""
    )
    called, first_found = words.title(row, names), f"it was first found on {since.removeprefix('since ')}"
    if row["setting_id"]:
        lives = f" Its people live in {words.authorities(row, names)}."
        first = f"{called} is {words.STATES[row['state']]}; {first_found}.{lives}"
    else:
        place = f"{called}, {words.authorities(row, names)}"
        first = f"{place}, is {words.STATES[row['state']]}; {first_found}.{rate}"
    told = (facts.counted, *facts.findings)
    against = next((each for each in told if each is not None and says_expected(each, row)), None)
    said = [first]
    if against is not None:
        said.append(seen_and_expected(against, names, days=against is not facts.counted))
    if row["recurrence_days"] is not None:
        said.append(f"{wording.upper_first(words.chance(row['recurrence_days']))}.")
    return tuple(said)


def seen_and_expected(finding: Row, names: words.Names, *, days: bool) -> str:
    """'19 people where 4.3 were to be expected (90% range 1.0 to 9.0).'; with its days where they are not those of the
    signal's number: '11 people from Tuesday 2 June to Monday 8 June where …'."""
    seen = words.size(finding["observed"], finding.get("source", ""), names)
    first, last = finding["first_day"], finding["last_day"]
    if days:
        seen += f" from {wording.day(first)} to {wording.day(last)}" if first < last else f" on {wording.day(last)}"
    between = ""
    if finding["expected_low"] is not None and finding["expected_high"] is not None:
        between = f" (90% range {wording.rate(finding['expected_low'])} to {wording.rate(finding['expected_high'])})"
    return f"{seen} where {wording.rate(finding['expected'])} were to be expected{between}."


def rate_days(facts: Facts) -> str:
    """How many days the cases of the rate are of: those of one value, where the series that told it has longer ones."""
    own = facts.series
    days = signal_past.days_held(own) if own is not None and own.metric.detect == "own_past" else WEEK
    return "seven days" if days == WEEK else f"{days} days"


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
    small = facts.names.standing.get(row["setting_id"], "") if row["setting_id"] else row["place_code"] or ""
    code = facts.names.neighbourhood_of.get(small, small)
    authority = facts.names.authority_of.get(small)
    if not code or not (authority in facts.codes or (facts.whole and not row["setting_id"])):
        return ()
    name, moment = facts.names.of(code), f"?{address.moment}" if address.pinned else ""
    return (
        Link("Why is it rising?", f"/places/{code}/why{moment}"),
        Link(f"All figures of {name}", address.of_place(code)),
        Link(f"What people know of {name}", f"/places/{code}/known"),
    )


def partial(facts: Facts) -> str:
    """What of the signal the office does not read."""
    if facts.figures is None and facts.row["kind"] == "setting":
        return "Its people live in many small areas; the picture shows the setting alone, as each sweep found it."
    if facts.figures is None:
        return "Its counts lie with other offices, or it has no place of its own; the findings below say what was seen."
    if facts.row["kind"] == "setting":
        return (
            "The curve and the map count everybody in the small areas where most of its people live, not the setting "
            "alone."
        )
    if not facts.whole:
        return "Parts of it lie with other offices: the pictures show the small areas that your office reads."
    return ""
