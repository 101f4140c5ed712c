"""How dates, times and numbers are said: one way on every page, picture and document.

Nothing here knows a time zone or a clock: a time that arrives is already local to the reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

MINUS = "\N{MINUS SIGN}"
EN_DASH = "\N{EN DASH}"
NOT_KNOWN = "not known"

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def day(value: date) -> str:
    """'Friday 12 June'."""
    return f"{DAYS[value.weekday()]} {value.day} {MONTHS[value.month - 1]}"


def day_and_year(value: date) -> str:
    """'Friday 12 June 2020'."""
    return f"{day(value)} {value.year}"


def short_day(value: date) -> str:
    """'12 Jun', for axes and narrow columns."""
    return f"{value.day} {MONTHS[value.month - 1][:3]}"


def clock(value: datetime) -> str:
    """'1:04am', '12 noon', 'midnight': local time of day to the minute."""
    if (value.hour, value.minute) == (0, 0):
        return "midnight"
    if (value.hour, value.minute) == (12, 0):
        return "12 noon"
    half = "am" if value.hour < 12 else "pm"
    minute = f":{value.minute:02d}" if value.minute else ""
    return f"{value.hour % 12 or 12}{minute}{half}"


def moment(value: datetime) -> str:
    """'1:04am on Monday 29 June 2020'."""
    return f"{clock(value)} on {day_and_year(value)}"


def thousands(value: int | float, decimals: int = 0) -> str:
    """'15,841', '-3' with a real minus sign; a value that rounds to nought has no sign."""
    text = f"{abs(value):,.{decimals}f}"
    is_nought = not any(character in "123456789" for character in text)
    return text if value >= 0 or is_nought else MINUS + text


def rate(value: float | None) -> str:
    """A rate: one decimal below 100, none from there; 'not known' where there is none."""
    if value is None:
        return NOT_KNOWN
    return thousands(value, 1 if abs(round(value, 1)) < 100 else 0)


def percentage(share: float | None) -> str:
    """A share in [0, 1] as '4.9%'."""
    return NOT_KNOWN if share is None else f"{thousands(100 * share, 1)}%"


def share_of(part: int, whole: int) -> str:
    """'4.9% (49 of 1,000)': a percentage never goes without its numerator and denominator."""
    of = f"{thousands(part)} of {thousands(whole)}"
    return f"{percentage(part / whole)} ({of})" if whole else of


def counted(count: int, one: str, many: str) -> str:
    """'1 person', '1,204 people'."""
    return f"{thousands(count)} {one if count == 1 else many}"


def joined(items: Sequence[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    return " and ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))


def hours(value: float | None) -> str:
    """A length of time given in hours, as people say it: '40 minutes', '9 hours', '3.5 days'."""
    if value is None:
        return NOT_KNOWN
    if value < 1:
        return counted(round(60 * value), "minute", "minutes")
    if value < 48:
        return counted(round(value), "hour", "hours")
    return f"{value / 24:.1f} days".replace(".0 days", " days")


def upper_first(text: str) -> str:
    """The text with its first letter a capital, the others as they are."""
    return text[:1].upper() + text[1:]


def lower_first(text: str) -> str:
    """The text with its first letter small, the others as they are."""
    return text[:1].lower() + text[1:]


def seconds(value: float) -> str:
    """'0.4 seconds', '1 second'."""
    return f"{value:g} {'second' if value == 1 else 'seconds'}"
