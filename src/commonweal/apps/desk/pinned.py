"""What a pin is about: what its page is called, and the places that it speaks of. Rooms say so for their own pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest

from commonweal.apps.access import queries as access
from commonweal.apps.access.scope import Actor
from commonweal.apps.access.shell import titles
from commonweal.apps.desk import telling
from commonweal.apps.places import queries as places
from commonweal.core.desk import pins
from commonweal.core.desk.pins import Pin
from commonweal.web import db

NOWHERE = "/talk"  # the pin of what was said about no page
CODE = re.compile(r"[A-Z][0-9]{8}")
About = Callable[[Actor, re.Match[str]], Sequence[str]]
_pages: list[tuple[re.Pattern[str], str, About]] = []
SAID = "select pin, n from desk.talk_counts(%s, %s, %s, %s)"


def register(pattern: str, title: str, about: About) -> None:
    """A room calls this at start-up for a page of its own whose address holds no code.

    `title` is what it is called (`{0}` is the first group of the pattern), `about` gives the places (codes) that it
    speaks of to an actor; none when it is not theirs to see.
    """
    _pages.append((re.compile(pattern), title, about))


def page_of(request: HttpRequest) -> str:
    """The page that somebody has open, as a pin: with the place that it shows."""
    place = request.GET.get("place", "")
    return f"{request.path}?{urlencode({'place': place})}" if CODE.fullmatch(place) else request.path


def abouts(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """What each pin of what was said is pinned to, in words: its page, and which part of it; nothing of what was said
    on the page of all talk."""
    found = dict.fromkeys(row["pin"] for row in rows)
    return {pin: "" if pin == NOWHERE else in_words(pins.read(pin)) for pin in found}


def in_words(pin: Pin) -> str:
    """What something is pinned to: the page, and which part of it."""
    part = narrower(pin)
    return f"{title(pin)}, {part}" if part else title(pin)


def title(pin: Pin) -> str:
    """What a pin's page is called, in words that say nothing that only some may see."""
    path = pin.page.partition("?")[0]
    for pattern, name, _ in _pages:
        found = pattern.fullmatch(path)
        if found:
            return name.format(*found.groups())
    named = titles()
    whole = named.get(path, "")
    code = place_in(pin)
    if code is not None:
        place = places.names([code]).get(code, code)
        return f"{whole}: {place}" if whole else place
    return whole or named.get("/".join(path.split("/")[:2]), "") or "a page"


def place_in(pin: Pin) -> str | None:
    """The place that an address names, by its code."""
    found = CODE.search(pin.page)
    return found[0] if found else None


def narrower(pin: Pin) -> str:
    """Which part of the page: the words of a row or sentence, or that it is one of its figures."""
    if pin.words:
        return f"“{pin.words}”"
    return "one of its figures" if pin.figure else ""


def places_of(actor: Actor, pin: Pin) -> list[str]:
    """The places that something pinned here is about; empty where the page does not say, and one has to choose."""
    path = pin.page.partition("?")[0]
    for pattern, _, about in _pages:
        found = pattern.fullmatch(path)
        if found:
            return list(about(actor, found))
    code = place_in(pin)
    if code is not None:
        return [code]
    own = telling.authorities(actor)
    return access.mandate(actor.office_id) if len(own) == 1 else []


def counts(actor: Actor, page: str) -> dict[str, int]:
    """How many things were said about a page that the office reads: in all (under ''), and by figure."""
    found = {"": 0}
    here = Pin(page)
    asked = [actor.office_id, actor.person_id, page.partition("?")[0], place_in(here)]
    for row in db.rows("app", SAID, asked):
        pin = pins.read(row["pin"])
        found[""] += row["n"]
        if pin.figure:
            found[pin.figure] = found.get(pin.figure, 0) + row["n"]
    return found
