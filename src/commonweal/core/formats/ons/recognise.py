"""Which official file a header belongs to, and where each of our columns stands in it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from commonweal.core.errors import Refused
from commonweal.core.formats.ons.layouts import LAYOUTS, Column, Layout

_NEAR = 0.5  # a header with at least this share of what a layout needs is taken to be meant as that layout


@dataclass(frozen=True)
class Found:
    """A column of ours in a file: its position (from 0), its heading as written, and what the heading names."""

    column: Column
    position: int
    heading: str
    named: dict[str, str]

    @property
    def vintage(self) -> int | None:
        """The year that the heading names ("lad19cd" -> 2019), or None."""
        year = self.named.get("vintage")
        return None if year is None else int(year) if len(year) == 4 else 2000 + int(year)


@dataclass(frozen=True)
class Recognised:
    """A layout fitted to a file: the row of its header (the first record is row 1) and the columns found."""

    layout: Layout
    header_row: int
    width: int
    found: tuple[Found, ...]
    preamble: str = ""

    def one(self, name: str) -> Found | None:
        """The only column of this name, or None when the file lacks it."""
        return next(iter(self.all(name)), None)

    def all(self, name: str) -> list[Found]:
        """Every column of this name, in the order of the file."""
        return [found for found in self.found if found.column.name == name]


def prepared(heading: str) -> str:
    """A heading as patterns see it: small letters, single spaces, no spaces at the ends."""
    return " ".join(heading.replace("\ufeff", "").split()).lower()


def recognise(rows: list[list[str]], label: str) -> Recognised:
    """The layout of the first row that is a known header; earlier rows are the preamble of a saved sheet.

    Raises `Refused` naming the nearest layout and what it lacks, or a heading that stands twice.
    """
    for index, row in enumerate(rows):
        headings = [prepared(cell) for cell in row]
        for layout in LAYOUTS:
            found = _found(layout, row, headings)
            if not _lacking(layout, headings, found):
                _refuse_double(found, label, index + 1)
                preamble = " ".join(cell for earlier in rows[:index] for cell in earlier if cell)
                return Recognised(layout, index + 1, len(row), tuple(found), preamble)
    raise _unknown(rows, label)


def _found(layout: Layout, row: list[str], headings: list[str]) -> list[Found]:
    matches = ((column, i, column.matches(heading)) for column in layout.columns for i, heading in enumerate(headings))
    return [
        Found(column, i, row[i], {k: v for k, v in match.groupdict().items() if v is not None})
        for column, i, match in matches
        if match
    ]


def _lacking(layout: Layout, headings: list[str], found: list[Found]) -> list[str]:
    """What keeps a header from being this layout, in words; empty when it fits."""
    names = {each.column.name for each in found}
    missing = [readable(c.pattern) for c in layout.columns if c.needed and c.name not in names]
    patterns = {c.pattern for c in layout.columns if c.needed and c.name not in names}
    unseen = [
        sign for sign in layout.signs if sign not in patterns and not any(re.fullmatch(sign, h) for h in headings)
    ]
    missing += [readable(sign) for sign in unseen]
    if layout.tells and not names.intersection(layout.tells):
        missing.append(" or ".join(layout.tells))
    foreign = [h for h in headings if any(re.fullmatch(pattern, h) for pattern in layout.lacks)]
    return missing + [f"(no {h})" for h in foreign]


def _refuse_double(found: list[Found], label: str, row: int) -> None:
    seen = Counter((each.column.name, tuple(sorted(each.named.items())) if each.column.many else ()) for each in found)
    for each in found:
        key = (each.column.name, tuple(sorted(each.named.items())) if each.column.many else ())
        if seen[key] > 1:
            same = [other.heading for other in found if other.column.name == each.column.name]
            raise Refused(
                f"{label}, row {row}: the columns {', '.join(map(repr, same))} all mean '{each.column.name}'. "
                "Keep the one that is meant."
            )


def _unknown(rows: list[list[str]], label: str) -> Refused:
    best: tuple[float, Layout, list[str], int] | None = None
    for index, row in enumerate(rows):
        headings = [prepared(cell) for cell in row]
        for layout in LAYOUTS:
            lacking = _lacking(layout, headings, _found(layout, row, headings))
            needed = sum(column.needed for column in layout.columns) + len(layout.signs)
            score = 1 - len(lacking) / needed
            if score >= _NEAR and (best is None or score > best[0]):
                best = (score, layout, lacking, index + 1)
    if best is None:
        shown = ", ".join(rows[0][:6]) if rows else ""
        return Refused(f"{label}: the header ({shown[:120]!r}) is not one of the official files that can be loaded.")
    _, layout, lacking, row_number = best
    return Refused(
        f"{label}, row {row_number}: nearest to '{layout.title}', but the column {'; '.join(lacking)} is missing. "
        "Load the file as published, with its header."
    )


def readable(pattern: str) -> str:
    """A heading pattern as a person would write it: r"lad(?P<vintage>\\d\\d)cd" -> "ladYYcd"."""
    text = re.sub(
        r"\(\?P<\w+>((?:\\d|\{\d\}|20)+)\)", lambda m: "Y" * (4 if "4" in m[1] or "20" in m[1] else 2), pattern
    )
    text = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", r"<\1>", text)
    text = re.sub(r"\\d\{4\}|20\\d\\d", "YYYY", text).replace("\\d\\d", "YY")
    text = re.sub(r"\(\?:([^()]*)\)\?", "", text)
    text = text.replace("\\(", "(").replace("\\)", ")").replace("\\b.*", "")
    return " or ".join(text.split("|"))
