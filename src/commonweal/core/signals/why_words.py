"""An explanation in words: what a leader can read aloud, in the order in which it matters."""

from __future__ import annotations

from collections.abc import Sequence

from commonweal.core import wording
from commonweal.core.signals.why import FEW, NOT_KNOWN, CommonPlace, Part, Why
from commonweal.core.signals.why_setting import WhySetting

PART_NAMES = {
    "reporting": "Reported late or together",
    "more_testing": "More testing",
    "targeted_testing": "Testing where more is found",
    "workplace": "Workplaces in common",
    "care_home": "Care homes in common",
    "school": "Schools in common",
    "arrivals": "Arrivals from outside",
    "household": "Households in common",
    "spread": "Spread with nothing in common",
    "spread_or_household": "Spread, within households or with nothing in common",
    "any_spread": "More infection of any kind",
    "testing_or_spread": "More testing or spread: cannot be told apart",
}
LABEL_NAMES = {
    "workplace": "an outbreak at work",
    "household": "spread within households",
    "care_home": "an outbreak in a care home",
    "school": "an outbreak in a school",
    "testing_surge": "more testing, not more infection",
    "general_spread": "general spread",
    "arrivals": "arrivals from outside",
    "reporting": "late reporting, not more infection",
    "cannot_tell": "cannot be told from these data",
}
REASONS = {
    "too_few": "too few people tested positive to say anything of causes",
    "no_rise": "the change may be chance",
    "no_negatives": "tests that found nothing are not known, so more testing and spread look the same",
    "incomplete": "of too few people a setting is recorded to rule out that they have one in common",
    "mixed": "no single cause makes up enough of it",
    "no_addresses": "addresses were not looked at, so spread within households and any other look the same",
    "nothing_before": "of the days to compare with not one result is known, not even of a test that found nothing",
}
FIELD_NAMES = {"household": "an address", "setting": "a workplace, school or care home (or that there is none)",
               "arrived": "whether the infection came from outside the area"}  # fmt: skip
KIND_WORDS = {"workplace": "workplace", "care_home": "care home", "school": "school"}
MOST_PLACES = 3


def nothing_to_explain(place: str, after: str, *, heard: bool) -> tuple[str, str]:
    """What stands there without a case in the later window ('from 1 to 14 June'), and what to do; heard: whether any
    result of it is known."""
    if heard:
        return (
            f"Nobody tested positive {after}.",
            "Choose other days; there must be somebody who tested positive to explain anything.",
        )
    return (
        f"Nothing is known of tests in {place} {after}: no result came, positive or negative. That is not the same as "
        "nobody being infected.",
        "Choose days for which results came.",
    )


def headline(why: Why) -> str:
    """The label as one sentence."""
    if why.label.reason == "no_rise":
        fell = why.change.cases <= 0
        return "It is not rising." if fell else f"Whether it is rising cannot be told: {REASONS['no_rise']}."
    if why.label.reason == "counts":
        return _of_counts(why)
    if why.label.reason == "no_addresses":
        return _without_addresses(why)
    if why.label.name == "cannot_tell":
        return f"Why it is rising cannot be told from these data: {REASONS[why.label.reason]}."
    share = _share_of_label(why)
    return f"Most likely {LABEL_NAMES[why.label.name]}{share}."


def sentences(
    why: Why, place: str, before: str, after: str, setting: WhySetting, *, who_can_tell: str = ""
) -> tuple[str, ...]:
    """Words first: how much it rose, why, where in common, how much was tested, and what cannot be told.

    before, after: the windows in words ('1 to 14 June'). who_can_tell: of one from counts, who reads records.
    """
    return (
        headline(why),
        _change(why, place, before, after),
        *_causes(why),
        *_places(why.places),
        *_testing(why),
        *_by_field(why, setting),
        *([who_can_tell] if who_can_tell else _untold(why, setting)),
    )


def _of_counts(why: Why) -> str:
    """What counts tell of a rise that is not testing or reporting alone."""
    infection = why.part("any_spread")
    if infection is None or infection.lower <= 0:
        return "Whether it is testing or infection that rose cannot be told from counts."
    much = _of_all(infection.cases, why.change.cases)
    return f"More infection, not testing alone: {much}. What these people have in common is not in counts."


def _without_addresses(why: Why) -> str:
    """What is told of a rise that is spread, of which nobody looked at who lives together."""
    part = why.part("spread_or_household")
    much = 0.0 if part is None else part.cases
    return (
        f"Spread, with no workplace, school or care home in common: {_of_all(much, why.change.cases)}. Whether it is "
        f"within households cannot be told here: {REASONS['no_addresses']}."
    )


def _of_all(found: float, change: float) -> str:
    if found >= change - 0.5:
        return f"all of the {wording.thousands(change)} more"
    return f"about {wording.thousands(round(found))} of the {wording.thousands(change)} more"


def _share_of_label(why: Why) -> str:
    names = {"testing_surge": ("more_testing", "targeted_testing"), "general_spread": ("spread",)}
    parts = [part for name in names.get(why.label.name, (why.label.name,)) if (part := why.part(name))]
    found, change = sum(part.cases for part in parts), why.change.cases
    return f": {_of_all(found, change)}"


def _change(why: Why, place: str, before: str, after: str) -> str:
    first, second = int(why.change.before or 0), int(why.change.after or 0)
    more = second - first
    direction = "more" if more >= 0 else "fewer"
    return (
        f"In {place}, {wording.counted(second, 'person', 'people')} tested positive {after}, and "
        f"{wording.thousands(first)} {before}: {wording.thousands(abs(more))} {direction} "
        f"(allowing for chance, {between(why.change.lower, why.change.upper)})."
    )


def _causes(why: Why) -> list[str]:
    """The parts that are at least a tenth of the change, largest first."""
    said = sorted((part for part in why.parts if abs(part.share) >= 0.1), key=lambda part: -part.cases)
    return [f"{PART_NAMES[part.name]}: {_of_change(part)}." for part in said]


def _of_change(part: Part) -> str:
    """'42 more people, 84.0% of the change (allowing for chance, 15 to 68 more)'; a part that takes away has no share
    that could be pictured."""
    people = round(part.cases)
    said = f"{wording.counted(abs(people), 'person', 'people')} {'fewer' if people < 0 else 'more'}"
    share = f", {wording.percentage(part.share)} of the change" if part.share >= 0 else ""
    return f"{said}{share} (allowing for chance, {between(part.lower, part.upper)})"


def between(lower: float, upper: float) -> str:
    """Limits of a change in people as they are read aloud: '15 to 68 more', '9 fewer to 25 more', '0 to 5 fewer'."""
    low, high = round(lower), round(upper)
    if low >= 0:
        return f"{wording.thousands(low)} to {wording.thousands(high)} more"
    if high <= 0:
        return f"{wording.thousands(-high)} to {wording.thousands(-low)} fewer"
    return f"{wording.thousands(-low)} fewer to {wording.thousands(high)} more"


def _places(places: Sequence[CommonPlace]) -> list[str]:
    told = [
        f"{place.name} ({KIND_WORDS[place.kind]}), named by {wording.counted(place.after, 'person', 'people')}, by "
        f"{wording.thousands(place.before)} before, where about {wording.thousands(place.expected, 1)} would be usual"
        for place in places[:MOST_PLACES]
    ]
    more = len(places) - MOST_PLACES
    tail = [f"and {wording.counted(more, 'other place', 'other places')} in the table"] if more > 0 else []
    return [f"They have in common: {'; '.join([*told, *tail])}."] if told else []


def _testing(why: Why) -> list[str]:
    if why.testing is None:
        return ["Tests that found nothing are not known here, so more testing cannot be told from spread."]
    (before, after), (first, second) = why.testing.tests, why.testing.positivity
    return [
        f"Tests went from {wording.thousands(before)} to {wording.thousands(after)}; "
        f"the share that was positive from {wording.percentage(first)} to {wording.percentage(second)}."
    ]


def _by_field(why: Why, setting: WhySetting) -> list[str]:
    """Of each attribute the value with most of a rise, where enough of it is known and there is more than one value."""
    if why.change.cases <= 0:
        return []
    largest, untold = [], []
    for table in why.tables:
        named = [part for part in table.parts if part.name not in (NOT_KNOWN, FEW)]
        if table.completeness < setting.least_completeness:
            untold.append(f"{_lower_first(table.name)} ({wording.percentage(table.completeness)})")
        elif len(named) > 1:
            part = max(named, key=lambda each: each.cases)
            if part.lower > 0:
                people = wording.thousands(round(part.cases))
                largest.append(f"{_called(table.name, part.name)}, {people} more ({between(part.lower, part.upper)})")
    said = [f"Where most of the rise is, by what is recorded: {'; '.join(largest)}."] if largest else []
    return [*said, *([f"Recorded for too few people to say more: {', '.join(untold)}."] if untold else [])]


def _called(attribute: str, value: str) -> str:
    """'sex Men and boys'; 'Pillar 2', and not 'pillar Pillar 2', where the value says of what it is."""
    return value if value.lower().startswith(attribute.lower()) else f"{_lower_first(attribute)} {value}"


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]


def _untold(why: Why, setting: WhySetting) -> list[str]:
    missing = [
        f"{FIELD_NAMES[name]} (known for {wording.percentage(share)} of people)"
        for name, share in why.completeness.items()
        if share < setting.least_completeness
    ]
    return [f"Cannot be told from these data: {'; '.join(missing)}."] if missing else []
