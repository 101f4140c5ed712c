"""Addresses of a page: itself at one moment, its downloads. A moment stands in every one, so that a link stays true."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from commonweal.web import times
from commonweal.web.pages import Link

FORMATS = ("csv", "xlsx", "parquet")
NAMED = {"parquet": "Parquet", "geojson": "GeoJSON"}
API = "/api/v1"


def named(form: str) -> str:
    """'CSV', 'Parquet': what a form of files is called."""
    return NAMED.get(form, form.upper())


@dataclass(frozen=True)
class Address:
    """A page by its path, what is asked of it (beginning with '?', or empty), and the moment that it shows.

    ``pinned``: the moment was asked for, so links to other pages keep it.
    """

    path: str
    query: str
    as_of: datetime
    pinned: bool = False

    @property
    def moment(self) -> str:
        """'as_of=…' as it stands in an address."""
        return f"as_of={times.link_form(self.as_of)}"

    @property
    def here(self) -> str:
        """This page at this moment, for ever."""
        return f"{self.path}{self.query}{'&' if self.query else '?'}{self.moment}"

    @property
    def newest(self) -> str:
        """This page as it is now."""
        return f"{self.path}{self.query}"

    def download(self, what: str, form: str) -> str:
        """A part of the page as a file."""
        return f"{self.path}/{what}.{form}{self.query}{'&' if self.query else '?'}{self.moment}"

    def downloads(self, what: str, *, picture: bool, area_map: bool = False) -> tuple[Link, ...]:
        """Links to a part in every form; a map also with its outlines."""
        forms = (*FORMATS, *(("geojson",) if area_map else ()), *(("svg",) if picture else ()))
        return tuple(Link(named(form), self.download(what, form)) for form in forms)

    def outlines(self) -> Link:
        """What the page is about as GeoJSON, as programs read it."""
        return Link("GeoJSON", f"{API}{self.path}.geojson{self.query}{'&' if self.query else '?'}{self.moment}")

    def rests_on(self, versions: str) -> str:
        """As of when, and by which versions: what every 'How was this computed?' ends with."""
        return f"As known at {times.exact(self.as_of)}. {versions}"

    def of_place(self, code: str) -> str:
        """The page of a place, at the same moment where one was asked for."""
        return f"/places/{code}{f'?{self.moment}' if self.pinned else ''}"
