"""How signals are said: states, kinds, levels and places in the words of the pages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from commonweal.core import wording

STATES = {
    "opened": "new",
    "growing": "growing",
    "reopened": "back again",
    "fading": "fading",
    "closed": "over",
}
KINDS = {
    "rise": "Rise",
    "cluster": "Cluster",
    "setting": "Outbreak in a setting",
    "definition_break": "Change in what is counted",
    "late_batch": "Late batch of results",
}
METHODS = {
    "rise": "the rate rule and counts by area",
    "cluster": "scans over small areas",
    "setting": "linked people in one setting",
    "definition_break": "a jump in all areas at once",
    "late_batch": "many old results at once",
}
LEVELS = {
    "cluster": "cluster of small areas",
    "setting": "setting",
    "lsoa": "small area",
    "msoa": "neighbourhood",
    "ward": "ward",
    "ltla": "authority",
    "utla": "county",
    "region": "region",
}
GOING_ON = ("growing", "reopened", "opened", "fading")
URGENCY = {state: at for at, state in enumerate((*GOING_ON, "closed"))}
EVENTS = ("definition_break", "late_batch")

Row = Mapping[str, Any]


WHOLE_FROM = 100  # numbers of a series are said without decimals from here on
PLACE_CODE = re.compile(r"\b[EJKNSW]\d{8}\b")


@dataclass(frozen=True)
class Names:
    """Names that people use by code, and the neighbourhood and authority that a small area lies in.

    ``settings``: 'care_home:VM123' -> its name, where a register lists it; ``standing``: the same -> the small area in
    which the register says that it stands. ``series``: metric of a loaded series -> what it counts, and in which unit.
    """

    by_code: Mapping[str, str]
    neighbourhood_of: Mapping[str, str]
    authority_of: Mapping[str, str]
    settings: Mapping[str, str] = field(default_factory=dict)
    standing: Mapping[str, str] = field(default_factory=dict)
    series: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def of(self, code: str) -> str:
        """The name of a code; the code itself where nobody named it."""
        return self.by_code.get(code, code)

    def said(self, text: str) -> str:
        """A sentence with the names of the places whose codes stand in it."""
        return PLACE_CODE.sub(lambda code: self.of(code[0]), text)

    def short(self, code: str | None, level: str) -> str:
        """The name by which people know it: a small area by its neighbourhood."""
        if not code:
            return ""
        inside = self.neighbourhood_of.get(code)
        return self.of(inside) if inside and level in ("lsoa", "cluster", "setting") else self.of(code)


def where(row: Row, names: Names) -> str:
    """'Kiln Steps and 2 neighbourhoods more', 'Larkminster'; of a setting the neighbourhood where it stands by its
    register, not the one where most of its people happen to live; of one in no register the authorities it touches."""
    if not row.get("setting_id"):
        return home(row, names)
    stands = names.standing.get(row["setting_id"])
    return names.short(stands, "setting") if stands else authorities(row, names)


def home(row: Row, names: Names) -> str:
    """Where the people of a signal live: the neighbourhood at its heart and those around it."""
    heart = names.short(row["place_code"], row["level"])
    around = {names.neighbourhood_of[each] for each in row["members"] if each in names.neighbourhood_of}
    around.discard(names.neighbourhood_of.get(row["place_code"] or "", ""))
    if row["level"] not in ("cluster", "lsoa") or not around:
        return heart or wording.joined([names.of(code) for code in row["scope"][:3]])
    if not heart:
        return wording.joined(sorted(names.of(code) for code in around)[:3])
    if len(around) == 1:
        return f"{heart} and {names.of(next(iter(around)))}"
    return f"{heart} and {len(around)} neighbourhoods around it"


def title(row: Row, names: Names) -> str:
    """'Cluster in Kiln Steps', 'Outbreak in a care home: Willow Court, Kiln Steps'."""
    if row.get("setting_id"):
        kind, _, identity = str(row["setting_id"]).partition(":")
        word = kind.replace("_", " ") if identity else "setting"
        return f"Outbreak in a {word}: {setting_name(row, names)}, {where(row, names)}"
    label, _ = names.series.get(row.get("source", ""), ("", ""))
    return f"{KINDS[row['kind']]} in {where(row, names)}{f' ({wording.lower_first(label)})' if label else ''}"


def setting_name(row: Row, names: Names) -> str:
    """The name of a signal's setting by its register, else the identifier that records give."""
    kind, _, identity = str(row["setting_id"]).partition(":")
    return names.settings.get(row["setting_id"], identity or kind)


def with_merged(row: Row) -> str:
    """', with 2 signals merged into it'; nothing where none is."""
    many = len(row.get("merged", ()))
    return f", with {wording.counted(many, 'signal', 'signals')} merged into it" if many else ""


def authorities(row: Row, names: Names) -> str:
    """The authorities that it touches, by name."""
    shown = sorted(names.of(code) for code in row["scope"])
    return wording.joined(shown) if len(shown) <= 3 else f"{wording.joined(shown[:2])} and {len(shown) - 2} more"


def people(value: float | None) -> str:
    """'14 people'; nothing where the method counts none."""
    return "" if value is None else wording.counted(round(value), "person", "people")


def size(value: float | None, source: str, names: Names) -> str:
    """'14 people'; of a loaded series in its own unit: '6.4 per cent'."""
    _, unit = names.series.get(source, ("", ""))
    if value is None or not unit:
        return people(value)
    whole = value == round(value) or abs(value) >= WHOLE_FROM
    return f"{wording.thousands(round(value)) if whole else format(value, '.3g')} {unit}"


def chance(days: float | None) -> str:
    """How often chance alone would bring one as sure, in words."""
    if days is None:
        return "not said by this method"
    if days >= 3650:
        return "chance alone: less than once in ten years"
    if days >= 730:
        return f"chance alone: once in about {round(days / 365.25)} years"
    return f"chance alone: once in about {wording.counted(max(1, round(days)), 'day', 'days')}"


def sureness(row: Row) -> str | None:
    """How sure a signal is: by chance, or by definition; None where the method says nothing of it."""
    if row["recurrence_days"]:
        return chance(row["recurrence_days"])
    return "meets the definition of an outbreak" if row["level"] == "setting" else None


def since(opened: date, morning: date) -> str:
    """'since Friday 12 June'."""
    said = wording.day(opened) if opened.year == morning.year else wording.day_and_year(opened)
    return f"since {said}"


def by_urgency(rows: Sequence[Row]) -> list[Row]:
    """What grows first, then what is back or new, then what fades; of one state the highest rate first."""
    return sorted(rows, key=lambda row: (URGENCY[row["state"]], -(row["rate"] or 0.0), -row["number"]))
