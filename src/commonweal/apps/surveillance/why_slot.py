"""Why a signal is rising, as a part of its page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from commonweal.apps.intake.views import common
from commonweal.apps.places import queries as places
from commonweal.apps.surveillance import signal_reads, slots, why_counts, why_explaining, why_keeping
from commonweal.apps.surveillance.pages import signal_words as words
from commonweal.apps.surveillance.pages import why as why_page
from commonweal.apps.surveillance.slots import Asked, Part
from commonweal.apps.surveillance.why_keeping import Kept
from commonweal.core import wording
from commonweal.core.errors import NotThere
from commonweal.core.pictures import Picture, draw_parts
from commonweal.web import times

WHY_PARTS = "why-parts"


def why(asked: Asked) -> Part | None:
    """Why a signal is rising, in words and a picture, as known to its sweep."""
    if asked.signal is None:
        return None
    kept = explanation(asked.request, asked.signal, asked.codes, asked.as_of if asked.pinned else None)
    shown = None
    if kept is not None:
        files = f"/signals/{asked.signal['number']}/{WHY_PARTS}.{{}}"
        files += f"?as_of={times.link_form(asked.as_of)}" if asked.pinned else ""
        shown = why_page.of_signal(
            kept.name, kept.why, kept.span, kept.as_of, why_explaining.setting(), files, basis(asked.request, kept)
        )
    by = kept.office if kept else ""
    working = why_keeping.is_being_worked_out(common.actor(asked.request), asked.signal)
    place, intro = (kept.place, setting_sentence(asked.signal, kept)) if kept else (asked.place, "")
    context = {"working": working, "shown": shown, "by": by, "place": place, "intro": intro}
    return Part("why", "Why is it rising?", "surveillance/part_why.html", context)


def setting_sentence(row: Mapping[str, Any], kept: Kept) -> str:
    """Of an outbreak in a setting: what joins its people, and what the explanation below is of; else nothing."""
    if row["kind"] != "setting":
        return ""
    joined = "Its people are counted together because records name the same setting."
    if kept.where.setting:
        live = wording.joined(sorted(places.names(list(kept.where.authorities)).values()))
        return f"{joined} What changed among those of them who live in {live}:"
    return f"{joined} What changed in all of {kept.name}:"


def explanation(
    request: HttpRequest, row: Mapping[str, Any], codes: tuple[str, ...], as_of: datetime | None
) -> Kept | None:
    """The explanation of a signal for whoever asks; `as_of` a past moment, at which nothing is worked out. Where no
    office that reads records has worked one out, what counts tell."""
    actor, names = common.actor(request), signal_reads.names_for([dict(row)])
    name = words.setting_name(row, names) if row.get("setting_id") else words.where(row, names)
    kept = why_keeping.of_signal(
        actor, row, codes, as_of, name=name,
        records=common.has(request, "read_records"), addresses=common.has(request, "read_identifiable"),
    )  # fmt: skip
    if kept is None and common.has(request, "read_counts"):
        return why_keeping.from_counts(actor, row, codes, words.home(row, names))
    return kept


def basis(request: HttpRequest, kept: Kept) -> why_page.Basis:
    """What it rests on; of one from counts, what they cannot tell and who can."""
    if kept.office:
        return why_page.Basis(with_addresses=kept.with_addresses)
    reason = (
        "None of the offices that read them has opened this signal since it last changed."
        if common.has(request, "read_records")
        else "Your office reads counts."
    )
    return why_page.Basis(who_can_tell=why_counts.sentence(kept.where, reason))


def picture(request: HttpRequest, row: Mapping[str, Any], codes: tuple[str, ...], as_of: datetime | None) -> Picture:
    """The picture of the parts, for its files. Raises `NotThere` where nothing is explained."""
    kept = explanation(request, row, codes, as_of)
    if kept is None:
        raise NotThere("Why this signal is rising has not been worked out for your office.")
    return draw_parts(
        why_page.parts_of(kept.name, kept.why, kept.span, kept.as_of, why_explaining.setting()), WHY_PARTS
    )


def register_all() -> None:
    """Called once at start-up."""
    slots.register(slots.SIGNAL, "why", why, 10)
