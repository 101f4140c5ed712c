"""Who says it: which source a file of series belongs to, and which one answers where several have the same series."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from commonweal.core.errors import Refused

NAME = re.compile(r"[a-z0-9][a-z0-9_]{0,59}")
ARCHIVE = "triangle"  # the layout of files with every publication: each such archive is a source of its own
_ENDINGS = re.compile(r"(\.(csv|tsv|txt|json))?(\.(gz|zip))?$")
_DAYS = re.compile(r"20\d\d[-_]?\d\d[-_]?\d\d")


@dataclass(frozen=True)
class Source:
    """A source that is known by name: its words for pages, and the forms of files that it publishes in."""

    id: str
    label: str
    layouts: tuple[str, ...]


@dataclass(frozen=True)
class Redefined:
    """From a publication on, a source counts something else under the name of a metric."""

    metric: str
    source: str
    since: date
    says: str


@dataclass(frozen=True)
class Sources:
    """All sources known by name, in the order in which they answer; how old one may be beside another (days)."""

    all: tuple[Source, ...]
    current_days: int
    redefined: tuple[Redefined, ...] = ()

    @property
    def order(self) -> list[str]:
        """Their names, the one that answers first in front."""
        return [source.id for source in self.all]

    def of_file(self, layout: str, label: str, named: str | None = None) -> str:
        """The source of a file: as named, else by its layout; an archive of publications by its file's name without
        dates. Raises `Refused` for a name that is none."""
        if named is not None:
            if not NAME.fullmatch(named):
                raise Refused(
                    f"{named[:70]!r} names no source: use up to 60 small letters, digits and underscores, for example "
                    "dashboard."
                )
            return named
        if layout == ARCHIVE:
            return named_by(label)
        found = next((source.id for source in self.all if layout in source.layouts), None)
        return found or named_by(layout)

    def label_of(self, name: str) -> str:
        """A source in words."""
        found = next((source.label for source in self.all if source.id == name), None)
        return found or f"the archive or table {name}"


def named_by(label: str) -> str:
    """A file's name as the name of a source: small letters, without endings and dates."""
    stem = _DAYS.sub("", _ENDINGS.sub("", label.lower()))
    return re.sub(r"[^a-z0-9]+", "_", stem).strip("_")[:60].rstrip("_") or "unnamed"


def sources_from(document: Mapping[str, Any]) -> Sources:
    """Sources of a parsed document. Raises `Refused` where one stands twice or a layout belongs to two."""
    found = tuple(Source(each["id"], each["label"], tuple(each["layouts"])) for each in document["sources"])
    for names in ([source.id for source in found], [layout for source in found for layout in source.layouts]):
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise Refused(f"{twice[0]!r} stands twice in parameters/series/sources.yaml. Keep one of them.")
    broken = next((source.id for source in found if not NAME.fullmatch(source.id)), None)
    if broken is not None:
        raise Refused(f"{broken!r} in parameters/series/sources.yaml names no source: use small letters and digits.")
    redefined = tuple(
        Redefined(each["metric"], each["source"], each["from"], each["says"]) for each in document["redefined"]
    )
    return Sources(found, int(document["current_days"]["value"]), redefined)
