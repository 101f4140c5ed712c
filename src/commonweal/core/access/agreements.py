"""Data-sharing agreements: a dated template, filled in for one place and two or more parties, with one hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from commonweal.core.access.classes import CLASSES, LineList
from commonweal.core.access.documents import read, refuse_unknown
from commonweal.core.access.retention import Schedule
from commonweal.core.errors import Refused

FEWEST_PARTIES = 2


@dataclass(frozen=True)
class Party:
    """A part in the template ("local"), the kinds of organisation that can take it, and what it does."""

    part: str
    kinds: tuple[str, ...]
    does: str


@dataclass(frozen=True)
class Template:
    """One document of `parameters/agreements/`. `text` are pairs of heading and body with names in braces."""

    id: str
    version: int
    title: str
    parties: tuple[Party, ...]
    purposes: tuple[str, ...]
    classes: tuple[str, ...]
    lawful_basis: tuple[str, ...]
    retention: tuple[str, ...]
    valid_days: int
    notice_days: int
    text: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Offer:
    """An agreement ready to be offered: its document (kept with it for ever) and the hash that acceptances name."""

    id: str
    template: str
    version: int
    title: str
    place_code: str
    parties: tuple[str, ...]
    purposes: tuple[str, ...]
    classes: tuple[str, ...]
    document: Mapping[str, Any]
    document_hash: bytes
    expires_at: datetime
    notice: timedelta


def read_template(text: str, source: str) -> Template:
    """A template from YAML text. Raises `Refused` when it lacks a part, or names an unknown class."""
    names = ["id", "version", "title", "parties", "purposes", "classes", "lawful_basis", "retention"]
    document = read(text, source, *names, "valid_days", "notice_days", "text")
    refuse_unknown(source, "classes", document["classes"], dict.fromkeys(CLASSES))
    parties = tuple(Party(part, tuple(p["kinds"]), p["does"]) for part, p in document["parties"].items())
    if len(parties) < FEWEST_PARTIES:
        raise Refused(f"{source}: an agreement has {FEWEST_PARTIES} parties or more; this one has {len(parties)}.")
    return Template(
        id=document["id"],
        version=int(document["version"]),
        title=document["title"],
        parties=parties,
        purposes=tuple(document["purposes"]),
        classes=tuple(document["classes"]),
        lawful_basis=tuple(document["lawful_basis"]),
        retention=tuple(document["retention"]),
        valid_days=int(document["valid_days"]),
        notice_days=int(document["notice_days"]),
        text=tuple((part["heading"], part["body"]) for part in document["text"]),
    )


def offer(
    template: Template,
    *,
    number: int,
    place_code: str,
    place: str,
    parties: Mapping[str, tuple[str, str]],
    line_list: LineList,
    schedule: Schedule,
    purposes: Mapping[str, str],
    now: datetime,
) -> Offer:
    """Fill a template in for one place.

    `number` counts the agreements of this template and place from 1; `parties` gives (organisation id, name) for each
    part; `purposes` their words; `now` is aware, the instant of the offer. Raises `Refused` when a part has nobody, or
    the template names a purpose, lawful basis or retention rule that is unknown.
    """
    absent = [party.part for party in template.parties if party.part not in parties]
    if absent:
        raise Refused(f"The agreement {template.id!r} for {place} needs a party for: {', '.join(absent)}.")
    refuse_unknown(template.id, "purposes", list(template.purposes), purposes)
    refuse_unknown(template.id, "lawful bases", list(template.lawful_basis), line_list.lawful_basis)
    expires_at = now + timedelta(days=template.valid_days)
    classes = [line_list.classes[name] for name in template.classes]
    words = {
        "place": place,
        "purposes": _listed([purposes[name] for name in template.purposes]),
        "classes": "; ".join(f"{c.name} {c.label} ({c.content})" for c in classes),
        "lawful_basis": _listed([line_list.lawful_basis[name] for name in template.lawful_basis]),
        "retention": "; ".join(schedule.rule(name).sentence for name in template.retention).capitalize(),
        "expires": f"{expires_at:%-d %B %Y}",
        "notice_days": str(template.notice_days),
        **{part: name for part, (_, name) in parties.items()},
    }
    ids = tuple(parties[party.part][0] for party in template.parties)
    document = {
        "template": template.id,
        "version": template.version,
        "place_code": place_code,
        "parties": [
            {"part": party.part, "organisation": parties[party.part][0], "name": parties[party.part][1],
             "does": party.does.format_map(words)}
            for party in template.parties
        ],
        "purposes": list(template.purposes),
        "classes": [{"class": c.name, "label": c.label, "fields": list(c.fields)} for c in classes],
        "lawful_basis": list(template.lawful_basis),
        "retention": {name: schedule.rule(name).days for name in template.retention},
        "notice_days": template.notice_days,
        "text": [{"heading": heading, "body": body.format_map(words)} for heading, body in template.text],
    }  # fmt: skip
    return Offer(
        id=f"{template.id}-{place_code.lower()}-{number}",
        template=template.id,
        version=template.version,
        title=template.title.format_map(words),
        place_code=place_code,
        parties=ids,
        purposes=template.purposes,
        classes=template.classes,
        document=document,
        document_hash=document_hash(document),
        expires_at=expires_at,
        notice=timedelta(days=template.notice_days),
    )


def document_hash(document: Mapping[str, Any]) -> bytes:
    """SHA-256 of the document as canonical JSON: sorted names, no spaces, UTF-8."""
    return hashlib.sha256(canonical(document)).digest()


def canonical(document: Mapping[str, Any]) -> bytes:
    """The one way to write a document as bytes."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
