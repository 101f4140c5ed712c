"""*Why is it rising?*: words first, then the picture, then the tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from commonweal.apps.surveillance.pages.addresses import named
from commonweal.core import wording
from commonweal.core.pictures import ChangePart, Column, PartsOfChange, PictureTable, draw_parts
from commonweal.core.signals.why import FieldTable, Part, Why
from commonweal.core.signals.why_setting import WhySetting
from commonweal.core.signals.why_windows import LENGTHS, Windows
from commonweal.core.signals.why_words import (
    FIELD_NAMES,
    KIND_WORDS,
    LABEL_NAMES,
    PART_NAMES,
    between,
    nothing_to_explain,
    sentences,
)
from commonweal.web import times
from commonweal.web.pages import Computed, Empty, Help, Known, Link, Page, ShownPicture, ShownTable

LEAST_CHANCE = 0.0001
FORMATS = ("csv", "xlsx", "parquet", "svg")
HELP = Help(
    "How much of a rise is more testing, a setting or household in common, or spread, from what records say.",
    (
        ("More or fewer", "People of this part who tested positive, against the days before. Parts add up."),
        (
            "In common",
            "A workplace, school or care home that more people name than its past and the general rise would give.",
        ),
        (
            "Households in common",
            "Somebody at the same address or property reference tested positive in the same window or the one before.",
        ),
        ("Spread", "What testing, settings, arrivals and households do not explain."),
        ("Known for", "The share of people who tested positive in the later days for whom the record says it."),
    ),
    "The director of public health of the place.",
)


@dataclass(frozen=True)
class Asked:
    """What the form shows: the windows, the lengths that can be chosen, the axis of days."""

    span: Windows
    lengths: tuple[int, ...]
    by_report: bool


@dataclass(frozen=True)
class Basis:
    """What an explanation rests on. with_addresses: who lives together was looked at. who_can_tell: of one from counts,
    what they do not hold and who reads it, in words; empty for one from records."""

    with_addresses: bool = False
    who_can_tell: str = ""


@dataclass(frozen=True)
class WhyPage:
    """Number, words, picture, tables. `label` names the likeliest cause; `empty`: there is nothing to explain."""

    page: Page
    asked: Asked
    number: str
    number_caption: str
    sentences: tuple[str, ...]
    label: str
    picture: ShownPicture | None
    places: ShownTable | None
    fields: tuple[ShownTable, ...]
    completeness: ShownTable | None
    empty: Empty
    around: tuple[Link, ...]


def build(
    place: str,
    why: Why | None,
    span: Windows,
    as_of: datetime,
    rules: WhySetting,
    *,
    basis: Basis,
    households: str,
    by_report: bool,
    address: str,
    query: str,
    around: tuple[Link, ...] = (),
    heard: bool = True,
) -> WhyPage:
    """heard: whether any result of the later window is known.
    households: how many live together, in words, for a reader who reads no addresses.
    address: of this page; query: what was asked of it with its moment, beginning with '?'."""
    title = f"Why is it rising? {place}"
    known = known_of(span, as_of, f"{address}{query}", address)
    page = Page(title, HELP, known=known)
    asked = Asked(span, LENGTHS, by_report)
    before, after = span.said()
    empty = Empty(*nothing_to_explain(place, after, heard=heard))
    if why is None:
        return WhyPage(page, asked, "", "", (), "", None, None, (), None, empty, around)
    said = list(sentences(why, place, before, after, rules, who_can_tell=basis.who_can_tell))
    if households:
        said.append(households)
    links = tuple(Link(named(form), f"{address}/parts.{form}{query}") for form in FORMATS)
    picture = ShownPicture(draw_parts(parts_of(place, why, span, as_of, rules)), links, computed(rules, basis))
    return WhyPage(
        page, asked, *number_of(why, span), tuple(said), wording.upper_first(LABEL_NAMES[why.label.name]), picture,
        _places(why),
        tuple(_field(table, number) for number, table in enumerate(why.tables)),
        _completeness(why) if why.completeness else None, empty, around,
    )  # fmt: skip


def number_of(why: Why, span: Windows) -> tuple[str, str]:
    """How many more or fewer people, and what that number is."""
    more = round(why.change.cases)
    than = f"people tested positive than in the {span.days} days before"
    if span.against != span.first - timedelta(days=1):
        than = f"people tested positive than in the {span.days} days to {wording.day(span.against)}"
    chance = f"allowing for chance, {between(why.change.lower, why.change.upper)}"
    return wording.thousands(abs(more)), f"{'fewer' if more < 0 else 'more'} {than} ({chance})"


def known_of(span: Windows, as_of: datetime, permalink: str, latest: str) -> Known:
    """As of when, and the days that are compared: results of them that come later change nothing on this page."""
    fresh = f"Compared up to {wording.day_and_year(span.last)}, by results that had come by this moment."
    return Known(
        as_of, permalink, (fresh,), "results of the days compared may still come.", latest=latest, rebuild=latest
    )


def working(
    place: str,
    people: tuple[int, int],
    span: Windows,
    as_of: datetime,
    *,
    authorities: int,
    records: bool,
    by_report: bool,
    address: str,
    whole: str,
    around: tuple[Link, ...],
) -> WhyPage:
    """The page while the records (for readers of counts: the counts) are being read.

    people: in the window before and the later one, from counts. whole: the address's query that gives everything.
    """
    known = known_of(span, as_of, f"{address}{whole}", address)
    before, after = span.said()
    many = [wording.counted(each, "person", "people") for each in people]
    empty = Empty(
        f"{many[1]} tested positive {after}, {many[0]} {before}. Why is being worked out from the "
        f"{'single records' if records else 'counts'} of "
        f"{wording.counted(authorities, 'authority', 'authorities')}.",
        "It takes some seconds; what is shown then stays as it was known at this moment.",
        Link("Show the explanation", f"{address}{whole}"),
    )
    page = Page(f"Why is it rising? {place}", HELP, known=known)
    return WhyPage(page, Asked(span, LENGTHS, by_report), "", "", (), "", None, None, (), None, empty, around)


@dataclass(frozen=True)
class WhyPart:
    """The explanation of a signal, as a part of its page."""

    sentences: tuple[str, ...]
    picture: ShownPicture
    places: ShownTable | None


def of_signal(
    place: str, why: Why, span: Windows, as_of: datetime, rules: WhySetting, files: str, basis: Basis
) -> WhyPart:
    """Words, picture and the settings in common. files: address of the picture's files, with {} for their ending."""
    before, after = span.said()
    links = tuple(Link(named(form), files.format(form)) for form in FORMATS)
    drawn = draw_parts(parts_of(place, why, span, as_of, rules), "why-parts")
    picture = ShownPicture(drawn, links, computed(rules, basis))
    said = sentences(why, place, before, after, rules, who_can_tell=basis.who_can_tell)
    return WhyPart(said, picture, _places(why))


def parts_of(place: str, why: Why, span: Windows, as_of: datetime, rules: WhySetting) -> PartsOfChange:
    """The parts as they are drawn, in the order in which they are taken out; parts that nothing has are left out."""
    order = list(PART_NAMES)
    kept = sorted((part for part in why.parts if _there(part)), key=lambda part: order.index(part.name))
    return PartsOfChange(
        f"What the change in {place} is made of, {span.said()[1]}",
        why.change.cases,
        why.change.lower,
        why.change.upper,
        tuple(
            ChangePart(PART_NAMES[part.name], part.before, part.after, part.cases, part.lower, part.upper, part.share)
            for part in kept or why.parts[-1:]
        ),
        rules.level,
        "Source: records of tests in this place." if why.completeness else "Source: counts of tests in this place.",
        f"As known at {times.exact(as_of)}.",
    )


def _there(part: Part) -> bool:
    return any(abs(value) > 1e-9 for value in (part.cases, part.lower, part.upper))


def _places(why: Why) -> ShownTable | None:
    columns = (
        Column("Setting", numeric=False), Column("Kind", numeric=False), Column("People before"),
        Column("People after"), Column("Expected after", decimals=1), Column("Chance of so many is below", decimals=4),
    )  # fmt: skip
    rows = tuple(
        (
            place.name,
            wording.upper_first(KIND_WORDS[place.kind]),
            place.before,
            place.after,
            place.expected,
            max(LEAST_CHANCE, place.adjusted_p),
        )
        for place in why.places
    )
    table = PictureTable("Settings that people have in common, as named in records", columns, rows)
    return ShownTable(table, identity="in-common") if rows else None


def _field(table: FieldTable, number: int) -> ShownTable:
    caption = f"{table.name}: known for {wording.percentage(table.completeness)} of people"
    columns = (
        Column(table.name, numeric=False), Column("People before"), Column("People after"), Column("More or fewer"),
        Column("Lower limit (95%)"), Column("Upper limit (95%)"), Column("Share", percent=True),
    )  # fmt: skip
    ordered = sorted(table.parts, key=lambda part: -abs(part.cases)) if len(table.parts) > 12 else table.parts
    rows = tuple(
        (wording.upper_first(part.name), part.before, part.after, part.cases, part.lower, part.upper,
         part.share if part.share == part.share else None)
        for part in ordered
    )  # fmt: skip
    return ShownTable(PictureTable(caption, columns, rows), identity=f"by-{number}")


def _completeness(why: Why) -> ShownTable:
    columns = (Column("What", numeric=False), Column("Known for", percent=True))
    rows = tuple((wording.upper_first(FIELD_NAMES[name]), share) for name, share in why.completeness.items())
    return ShownTable(
        PictureTable("How much is known of the people of the later days", columns, rows), identity="completeness"
    )


def computed(rules: WhySetting, basis: Basis) -> Computed:
    """How it was computed, in steps."""
    level = f"{100 * rules.level:g}%"
    if basis.who_can_tell:
        return _from_counts(rules, level)
    return Computed(
        (
            "Cases are first positive tests of an episode, by day of swab; late results are taken out where days of "
            "report are compared.",
            "Tests that found nothing say how much was tested, by small area and by whether people had symptoms. What "
            "tests grew by everywhere is more testing, what moved between areas targeted testing; chance is taken off.",
            "A setting is in common when its cases pass what its own past and the growth of all others would give "
            f"(false discoveries at most {100 * rules.common.false_discovery:g} in 100).",
            "Cases of which no setting is recorded are shared out as those of their age and window of which it is.",
            f"Limits ({level}) come from a bootstrap by households, which also draws who was asked; they take as "
            "given which settings are in common. Parts add up, limits do not.",
            "The label is the first rule that holds; the rules are in parameters/signals/why.yaml.",
        ),
        ("results and cases of intake", *(("addresses, compared and not kept",) if basis.with_addresses else ())),
        f"Explanation of rises, version {rules.version}.",
    )


def _from_counts(rules: WhySetting, level: str) -> Computed:
    return Computed(
        (
            "Cases are first positive tests of an episode, by day of swab; where days of report are compared, by the "
            f"day on which they became known here, and those of {rules.late_days} days or more are taken out as late.",
            "Tests that found nothing say how much was tested, by small area. What tests grew by everywhere is more "
            "testing, what moved between areas targeted testing; chance is taken off.",
            "What is not testing is more infection. What cases have in common is not in counts.",
            f"Values with fewer than {rules.least_told} cases in a window are told together with others; tables still "
            "add up to the change. Ages and sexes are counted by whole authority only.",
            f"Limits ({level}) come from a bootstrap by cases: households are not known, so they are narrower than "
            "those from records.",
        ),
        ("counts of results and cases",),
        f"Explanation of rises, version {rules.version}.",
    )
