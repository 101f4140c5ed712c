"""What every picture is: two drawings of the same data (wide and for a phone), words, a legend and a table."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field

from commonweal.core.errors import Refused
from commonweal.core.pictures import palette
from commonweal.core.pictures.svg import escape, figure, label, tag
from commonweal.core.pictures.table import PictureTable

FONT = "system-ui, 'Noto Sans', Arial, sans-serif"
# An average letter of the system fonts is a little over half as wide as its size; texts are measured by this.
LETTER = 0.54


@dataclass(frozen=True)
class Sheet:
    """Where a drawing goes: its width, size of letters and how many ticks fit. Units are SVG user units."""

    name: str
    width: float
    text: float
    day_ticks: int
    narrow: bool
    on_page: bool = True


WIDE = Sheet("wide", 680, 15, 7, narrow=False)
NARROW = Sheet("narrow", 320, 14, 3, narrow=True)
FILE = Sheet("file", 680, 15, 7, narrow=False, on_page=False)


@dataclass(frozen=True)
class Words:
    """What is said around the drawing."""

    title: str
    description: str
    source: str
    known: str


@dataclass(frozen=True)
class Picture:
    """A finished picture. ``key`` is unique on its page and names its downloads; the file is drawn when asked for."""

    key: str
    words: Words
    wide: str
    narrow: str
    table: PictureTable
    notes: tuple[str, ...] = ()
    draw_file: Callable[[], str] = field(default=str, compare=False, repr=False)

    @property
    def file(self) -> str:
        """The stand-alone drawing, with everything inside that the page says around it."""
        return self.draw_file()


@dataclass(frozen=True)
class Drawing:
    """The body of one drawing on one sheet: markup, its height, and patterns to define."""

    body: str
    height: float
    definitions: str = ""


def shorten(text: str, room: float, size: float) -> str:
    """A text cut to the room it has, with an ellipsis; the table keeps it whole."""
    fits = int(room / (size * LETTER))
    return text if len(text) <= fits else f"{text[: max(1, fits - 1)].rstrip()}…"


Draw = Callable[[Sheet, str], Drawing]


def text_width(text: str, size: float) -> float:
    """About how wide a text is; wide enough for capitals to be on the safe side."""
    return len(text) * size * LETTER


def compose(
    key: str, words: Words, draw: Draw, table: PictureTable, *, notes: tuple[str, ...] = (), links: bool = False
) -> Picture:
    """Draw on both sheets and make the stand-alone file with title, notes, source and as-of inside."""
    if not key.replace("-", "").isalnum():
        raise Refused(f"The picture key {key!r} must be letters, digits and hyphens: it becomes part of identifiers.")
    wide, narrow = (inline(f"{key}-{sheet.name}", words, draw, sheet, links=links) for sheet in (WIDE, NARROW))
    return Picture(key, words, wide, narrow, table, notes, lambda: stand_alone(key, words, draw, notes))


def inline(prefix: str, words: Words, draw: Draw, sheet: Sheet, *, links: bool) -> str:
    """The drawing for a page; title and description are read out, so a picture with links is a group, not an image."""
    drawing = draw(sheet, prefix)
    return tag(
        "svg",
        tag("title", escape(words.title), id=f"{prefix}-title"),
        tag("desc", escape(words.description), id=f"{prefix}-desc"),
        tag("defs", drawing.definitions) if drawing.definitions else "",
        drawing.body,
        xmlns="http://www.w3.org/2000/svg",
        class_=f"cw-svg cw-svg--{sheet.name}",
        viewBox=f"0 0 {figure(sheet.width)} {figure(drawing.height)}",
        role="group" if links else "img",
        aria_labelledby=f"{prefix}-title",
        aria_describedby=f"{prefix}-desc",
        font_family=FONT,
        font_size=sheet.text,
        fill=palette.INK,
    )


def stand_alone(key: str, words: Words, draw: Draw, notes: tuple[str, ...]) -> str:
    """The file that is downloaded: it carries everything that the page says around the drawing."""
    sheet = FILE
    drawing = draw(sheet, f"{key}-file")
    above = wrapped(words.title, sheet, 18)
    below = [text for note in (*notes, words.source, words.known) for text in wrapped(note, sheet, 13)]
    top = 26 * len(above) + 8
    height = top + drawing.height + 20 * len(below) + 12
    return tag(
        "svg",
        tag("title", escape(words.title)),
        tag("desc", escape(words.description)),
        tag("defs", drawing.definitions) if drawing.definitions else "",
        tag("rect", width=sheet.width, height=height, fill=palette.WHITE),
        *(label(8, 26 * row + 24, text, size=18, weight="700") for row, text in enumerate(above)),
        tag("g", drawing.body, transform=f"translate(0 {figure(top)})"),
        *(label(8, top + drawing.height + 20 * row + 16, text, size=13) for row, text in enumerate(below)),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {figure(sheet.width)} {figure(height)}",
        width=sheet.width,
        height=height,
        font_family=FONT,
        font_size=sheet.text,
        fill=palette.INK,
    )


def wrapped(text: str, sheet: Sheet, size: float) -> list[str]:
    return textwrap.wrap(text, max(10, int((sheet.width - 16) / (size * LETTER))))
