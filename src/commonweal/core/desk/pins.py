"""What something said is pinned to: a page, one figure or table of it, or a row or sentence by a few of its words.

A pin is an address of this site. A figure is its anchor (`/signals/7#map`); words are a text fragment
(`/my-area#:~:text=Granary%20End`), which browsers look for in the page as it is then, wherever the row has moved to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from commonweal.core.errors import Refused

LONGEST, MOST_WORDS = 300, 80
TEXT = ":~:text="
PAGE = re.compile(r"/(?![/\\])[^#\x00-\x1f]*")
ESCAPED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.~")
FIGURE = re.compile(r"[A-Za-z0-9_.-]{0,80}")


@dataclass(frozen=True)
class Pin:
    """A page (path, and what chooses its place), the identity of a figure or table (empty: none), and words of a row
    or sentence (empty: none)."""

    page: str
    figure: str = ""
    words: str = ""

    def address(self) -> str:
        """The address that leads there; words win over the figure, because they are the narrower of the two."""
        if self.words:
            return f"{self.page}#{TEXT}{_escaped(self.words)}"
        return f"{self.page}#{self.figure}" if self.figure else self.page


def read(text: str, words: str = "") -> Pin:
    """The pin in an address, narrowed to `words` where some are given (spaces count once, what is too long is cut).

    Raises `Refused` for an address of another site, or one that is too long.
    """
    page, _, rest = text.partition("#")
    if not PAGE.fullmatch(page) or len(page) > LONGEST:
        raise Refused(f"{text[:80]!r} is no page of this site: it begins with one slash, like /my-area.")
    said = " ".join(words.split()) or _narrower(rest)
    figure = rest if not rest.startswith(TEXT) and FIGURE.fullmatch(rest) else ""
    pin = Pin(page, figure, said[:MOST_WORDS].strip())
    while pin.words and len(pin.address()) > LONGEST:
        pin = Pin(page, figure, pin.words[:-1].strip())
    return pin


def _narrower(rest: str) -> str:
    """The words in a text fragment; none in any other."""
    if not rest.startswith(TEXT):
        return ""
    found = ESCAPED.sub(lambda run: bytes.fromhex(run[0].replace("%", "")).decode(errors="replace"), rest[len(TEXT) :])
    return " ".join(found.split())


def _escaped(words: str) -> str:
    """Words as a text fragment: a hyphen, a comma and an ampersand have meanings of their own in one."""
    return "".join(
        each if each in PLAIN else "".join(f"%{byte:02X}" for byte in each.encode(errors="replace")) for each in words
    )
