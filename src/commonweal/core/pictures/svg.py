"""The few SVG elements that the pictures use, as escaped text.

Styling is by presentation attributes only: a style attribute or element would need a weaker content security policy,
and the same text has to serve in a page, in a download and in a PDF.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from commonweal.core.errors import Refused

# What XML 1.0 cannot carry at all, not even escaped: control characters, surrogates and two non-characters.
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NOT_PLAIN = re.compile("[^\t\n\r\x20!#-%(-;=?-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
SAFE_LINK = re.compile(r"(/(?!/)|\?|#)")


def escape(text: str) -> str:
    """Text for SVG content and attributes; characters that XML cannot carry become a replacement mark."""
    if NOT_PLAIN.search(text) is None:
        return text
    clean = NOT_IN_XML.sub("\ufffd", text)
    for plain, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        clean = clean.replace(plain, entity)
    return clean


def figure(value: float) -> str:
    """A coordinate with at most two decimals, the same text on every machine."""
    if not math.isfinite(value):
        raise Refused(f"A picture was given the coordinate {value}: only finite numbers can be drawn. Check its data.")
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def tag(name: str, *children: str, **attributes: str | float | None) -> str:
    """One element. Children are markup already; attributes are escaped.

    ``class_`` stands for ``class``, other underscores for hyphens; an attribute of None is left out.
    """
    parts = [name]
    for key, value in attributes.items():
        if value is None:
            continue
        text = figure(value) if isinstance(value, int | float) else escape(value)
        parts.append(f'{key.rstrip("_").replace("_", "-")}="{text}"')
    opening = " ".join(parts)
    return f"<{opening}>{''.join(children)}</{name}>" if children else f"<{opening}/>"


def label(
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "start",
    size: float | None = None,
    weight: str | None = None,
    fill: str | None = None,
    halo: bool = False,
) -> str:
    """A piece of text with its baseline at y; ``halo`` puts white behind the letters, over whatever lies there."""
    return tag(
        "text",
        escape(text),
        x=x,
        y=y,
        text_anchor=None if anchor == "start" else anchor,
        font_size=size,
        font_weight=weight,
        fill=fill,
        stroke="#ffffff" if halo else None,
        stroke_width=4 if halo else None,
        stroke_linejoin="round" if halo else None,
        paint_order="stroke" if halo else None,
    )


def line(x1: float, y1: float, x2: float, y2: float, *, stroke: str, width: float = 1, dash: str | None = None) -> str:
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=stroke, stroke_width=width, stroke_dasharray=dash)


def rectangle(
    x: float,
    y: float,
    width: float,
    height: float,
    *children: str,
    fill: str,
    stroke: str | None = None,
    line: float = 1,
) -> str:
    return tag(
        "rect",
        *children,
        x=x,
        y=y,
        width=width,
        height=height,
        fill=fill,
        stroke=stroke,
        stroke_width=line if stroke else None,
    )


def polyline(points: Iterable[tuple[float, float]], *, stroke: str, width: float, dash: str | None = None) -> str:
    """An unfilled line through the points."""
    return tag(
        "polyline",
        points=" ".join(f"{figure(x)},{figure(y)}" for x, y in points),
        fill="none",
        stroke=stroke,
        stroke_width=width,
        stroke_linejoin="round",
        stroke_linecap="round",
        stroke_dasharray=dash,
    )


def link(href: str, name: str, *children: str) -> str:
    """A link to another page of this site, left out of the tab order because the table beside has the same link."""
    if not SAFE_LINK.match(href):
        raise Refused(
            f"A picture was given the link {href!r}: only addresses of this site, beginning with /, are drawn."
        )
    return tag("a", *children, href=href, aria_label=name, tabindex="-1")


def hatch(identity: str, colour: str, *, background: str = "#ffffff", step: float = 6, width: float = 2) -> str:
    """A diagonal pattern; refer to it by ``url(#identity)``."""
    return tag(
        "pattern",
        rectangle(0, 0, step, step, fill=background),
        line(0, 0, 0, step, stroke=colour, width=2 * width),
        id=identity,
        width=step,
        height=step,
        patternUnits="userSpaceOnUse",
        patternTransform="rotate(45)",
    )


def dots(identity: str, colour: str, *, background: str, step: float = 6) -> str:
    """A dotted pattern, told apart from the hatching by its form."""
    return tag(
        "pattern",
        rectangle(0, 0, step, step, fill=background),
        tag("circle", cx=step / 2, cy=step / 2, r=1.2, fill=colour),
        id=identity,
        width=step,
        height=step,
        patternUnits="userSpaceOnUse",
    )
