"""Colours of the pictures: one blue for data, one orange for "look here", greys; and the measure of contrast.

The two tones of blue differ from white and from each other by at least 3 to 1, so that a stacked bar can be read
without colour vision. Five map classes cannot each differ from the next by 3 to 1 (four such steps need 81 to 1, black
on white is 21 to 1): neighbouring areas are parted by a dark line cased in white instead, and named areas carry their
value as a number.
"""

from __future__ import annotations

WHITE = "#ffffff"
INK = "#0b0c0c"
BLUE = "#12436d"
LIGHT_BLUE = "#5694ca"
PALE_BLUE = "#cfe3f3"
ORANGE = "#d4500c"
GREY = "#767a7c"
DARK_GREY = "#484949"
PALE_GREY = "#f3f3f3"
RULE = "#cecece"

LAYERS = (BLUE, LIGHT_BLUE)
CLASSES = ("#e6f0f9", "#abcbe8", "#6da3d3", "#2f6fae", "#0b335e")


def luminance(colour: str) -> float:
    """Relative luminance of '#rrggbb' in [0, 1] (WCAG 2.2)."""
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)
