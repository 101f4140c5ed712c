"""From data to coordinates: value axes that begin at nought, and axes of days."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta

from commonweal.core.errors import Refused


@dataclass(frozen=True)
class ValueAxis:
    """Values 0..top laid on pixels bottom..top_pixel (y grows downwards)."""

    top: float
    bottom_pixel: float
    top_pixel: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> float:
        """The pixel of a value."""
        return self.bottom_pixel - (self.bottom_pixel - self.top_pixel) * value / self.top

    def length(self, value: float) -> float:
        """The height in pixels of a bar of this value."""
        return self.bottom_pixel - self.at(value)


def round_step(top: float, ticks: int) -> float:
    """The smallest of 1, 2, 5 x 10^n that needs at most ``ticks`` steps to reach ``top``."""
    if top <= 0:
        return 1
    raw = top / ticks
    power = 10.0 ** math.floor(math.log10(raw))
    # The tiny allowance keeps 0.30000000000000004 from jumping to the next step.
    factor = next((factor for factor in (1, 2, 5) if raw <= factor * power * (1 + 1e-9)), 10)
    return factor * power


def value_axis(
    largest: float, bottom_pixel: float, top_pixel: float, *, ticks: int = 4, whole: bool = True
) -> ValueAxis:
    """An axis from nought to a round number at or above ``largest``.

    ``whole``: the values are counts, so no tick lies between two whole numbers.
    Raises Refused for a negative or infinite value: counts and rates cannot be either.
    """
    if not math.isfinite(largest) or largest < 0:
        raise Refused(
            f"A picture was given the value {largest}: values must be finite and not negative. Check its data."
        )
    step = round_step(largest, ticks)
    if whole:
        step = max(1, math.ceil(step))
    steps = max(1, math.ceil(largest / step - 1e-9))
    return ValueAxis(steps * step, bottom_pixel, top_pixel, tuple(step * number for number in range(steps + 1)))


@dataclass(frozen=True)
class DayAxis:
    """Days first..last, each a slot of equal width between two pixels."""

    first: date
    last: date
    left: float
    right: float

    @property
    def slots(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def slot(self) -> float:
        return (self.right - self.left) / self.slots

    def start(self, when: date) -> float:
        """Left edge of the day's slot."""
        return self.left + self.slot * (when - self.first).days

    def middle(self, when: date) -> float:
        return self.start(when) + self.slot / 2

    def ticks(self, at_most: int) -> tuple[date, ...]:
        """Days to name: every 1, 2, 7, 14, 28, … days, counted back from the last so that the newest is named."""
        steps = (1, 2, 7, 14, 28, 56, 112, 224)
        step = next(
            (step for step in steps if self.slots / step <= at_most), 364 * math.ceil(self.slots / 364 / at_most)
        )
        days = [self.last - timedelta(days=back) for back in range(0, self.slots, step)]
        return tuple(reversed(days))


def day_axis(days: list[date], left: float, right: float) -> DayAxis:
    """The axis over the given days, which must be consecutive and in order.

    A missing day would be drawn as if nothing had happened on it, so it is refused.
    """
    if not days:
        raise Refused("A picture of days was given no day. Show the empty state instead.")
    wanted = [days[0] + timedelta(days=step) for step in range(len(days))]
    for expected, given in zip(wanted, days, strict=True):
        if expected != given:
            raise Refused(
                f"A picture of days was given {given} where {expected} follows: give every day once, in order."
            )
    return DayAxis(days[0], days[-1], left, right)
