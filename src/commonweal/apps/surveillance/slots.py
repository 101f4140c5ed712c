"""Parts that others add to the pages of a signal and of a place: why it rises, notes, judgements.

A part is asked for once a page, after the page itself was read, and reads under its own scope. Its template is included
below its heading with `part` in the context.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest

SIGNAL, PLACE = "signal", "place"


@dataclass(frozen=True)
class Asked:
    """The page that a part is for. ``signal`` is the row of the signal (None on a place's page), ``codes`` the
    authorities that the office reads of it; ``pinned``: a past moment is shown, so nothing can be done there."""

    request: HttpRequest
    as_of: datetime
    pinned: bool
    codes: tuple[str, ...]
    place: str
    signal: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Part:
    """A heading, and the template that says what stands below it."""

    identity: str
    heading: str
    template: str
    context: Mapping[str, Any]


Provider = Callable[[Asked], Part | None]
_providers: dict[str, dict[str, tuple[int, Provider]]] = {SIGNAL: {}, PLACE: {}}


def register(page: str, name: str, provider: Provider, place: int = 50) -> None:
    """Called at start-up: a part of the pages of signals or places; parts stand in the order of `place`."""
    _providers[page][name] = (place, provider)


def parts(page: str, asked: Asked) -> tuple[Part, ...]:
    """Every part that has something to show, in order."""
    ordered = sorted(_providers[page].items(), key=lambda item: (item[1][0], item[0]))
    found = [provider(asked) for _, (_, provider) in ordered]
    return tuple(part for part in found if part is not None)
