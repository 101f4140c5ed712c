"""Offices named with @ in what somebody says: by their whole name, or by what stands before its comma."""

from __future__ import annotations

import re
from collections.abc import Sequence

from commonweal.core.errors import Refused

# an @ that begins a word: one inside a word belongs to an address of mail
LISTED = 8
AT = re.compile(r"(?<!\S)@(?=\w)")


def mentioned(words: str, offices: Sequence[tuple[str, str]]) -> list[str]:
    """The ids of the offices named with @ in some words; `offices` as (id, title) are those that may be named.

    "@Leader" names every office of that kind among them. Letters may be large or small. Raises `Refused` for an @ that
    names none of them: whoever wrote it would think that somebody was told.
    """
    names: dict[str, list[str]] = {}
    for office, title in offices:
        for name in dict.fromkeys((title.casefold(), title.partition(",")[0].strip().casefold())):
            names.setdefault(name, []).append(office)
    ordered = sorted(names, key=len, reverse=True)
    found: dict[str, None] = {}
    for at in AT.finditer(words):
        rest = " ".join(words[at.end() : at.end() + 400].casefold().split())
        here = [each for each in ordered if rest.startswith(each) and not rest[len(each) :][:1].isalnum()]
        if not here:
            known = "; ".join(_likely(rest, [title for _, title in offices])) or "none"
            raise Refused(f"“@{rest[:40]}” names no office of this place. Write one of these after the @: {known}.")
        found.update(dict.fromkeys(names[here[0]]))
    return list(found)


def _likely(typed: str, titles: Sequence[str]) -> list[str]:
    """The titles that hold the first word typed; where none does, the first ones."""
    first = re.findall(r"\w+", typed)[:1]
    near = [title for title in titles if first and first[0] in re.findall(r"\w+", title.casefold())]
    return (near or list(titles))[:LISTED]
