"""Input checks shared by every method: each refusal names the argument, the value, the rule and the next step."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from commonweal.core.errors import Refused

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Seed = int | np.random.Generator


def counts(name: str, values: ArrayLike, *, missing_allowed: bool = False) -> FloatArray:
    """Counts as floats: whole numbers >= 0; NaN only where a method can use a missing day.

    Raises `Refused` for text, empty arrays, negative, fractional, infinite or (unless allowed) missing values.
    """
    array = _numeric(name, values)
    known = array[~np.isnan(array)]
    if not missing_allowed and known.size < array.size:
        _refuse(name, array, np.isnan(array), "is missing", "fill it with 0 if nothing was reported, or drop the row")
    _refuse_where(
        name, array, array < 0, "is negative", "counts start at 0; check for corrections stored as differences"
    )
    _refuse_where(name, array, np.isinf(array), "is infinite", "check the division or conversion before this call")
    fractional = ~np.isnan(array) & ~np.isinf(array) & (array != np.floor(array))
    _refuse_where(name, array, fractional, "is not a whole number", "pass counts, not rates or rolling means")
    return array


def positive(name: str, values: ArrayLike) -> FloatArray:
    """Finite numbers > 0 (populations, expectations, standard deviations)."""
    array = finite(name, values)
    _refuse_where(name, array, array <= 0, "is not above 0", "give each place a population or leave the place out")
    return array


def non_negative(name: str, values: ArrayLike) -> FloatArray:
    """Finite numbers >= 0."""
    array = finite(name, values)
    _refuse_where(name, array, array < 0, "is negative", "check the sign or the subtraction before this call")
    return array


def finite(name: str, values: ArrayLike) -> FloatArray:
    """Numbers that are neither missing nor infinite, in an array that is not empty."""
    array = _numeric(name, values)
    _refuse_where(name, array, ~np.isfinite(array), "is missing or infinite", "fill or drop it before this call")
    return array


def series(name: str, values: ArrayLike, *, least: int, missing_allowed: bool = False) -> tuple[FloatArray, bool]:
    """Counts as `[area, time]` and whether a single series was given; `least` is the shortest usable length."""
    array = counts(name, values, missing_allowed=missing_allowed)
    if array.ndim not in (1, 2):
        raise Refused(f"{name} has {array.ndim} axes; pass one series [time] or many [area, time].")
    single = array.ndim == 1
    array = np.atleast_2d(array)
    if array.shape[1] < least:
        raise Refused(f"{name} has {array.shape[1]} time steps; this method needs at least {least}. Load more history.")
    return np.ascontiguousarray(array), single


def same_shape(first: str, a: NDArray[Any], second: str, b: NDArray[Any]) -> None:
    """Refuse two arrays that must match and do not."""
    if a.shape != b.shape:
        raise Refused(f"{first} has shape {a.shape} and {second} has shape {b.shape}; pass arrays of the same shape.")


def proportion(name: str, value: float) -> float:
    """A number strictly between 0 and 1 (levels, error rates)."""
    if not 0.0 < value < 1.0:
        raise Refused(f"{name} is {value}; it must lie strictly between 0 and 1. For 95 % pass 0.95.")
    return float(value)


def at_least(name: str, value: int, least: int) -> int:
    """A whole number not below `least`."""
    if int(value) != value or value < least:
        raise Refused(f"{name} is {value}; it must be a whole number of at least {least}.")
    return int(value)


def one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    """A word out of a short list."""
    if value not in allowed:
        raise Refused(f"{name} is {value!r}; choose one of {', '.join(allowed)}.")
    return value


def generator(seed: Seed) -> np.random.Generator:
    """The generator to draw from: the one given, or a new one from an integer seed."""
    return seed if isinstance(seed, np.random.Generator) else np.random.default_rng(seed)


def _numeric(name: str, values: ArrayLike) -> FloatArray:
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise Refused(f"{name} holds something that is not a number ({error}); convert it before this call.") from error
    if array.size == 0:
        raise Refused(f"{name} is empty; pass at least one value, or skip this method where there are no data.")
    return array


def _refuse_where(name: str, array: FloatArray, wrong: BoolArray, what: str, step: str) -> None:
    if wrong.any():
        _refuse(name, array, wrong, what, step)


def _refuse(name: str, array: FloatArray, wrong: BoolArray, what: str, step: str) -> None:
    place = tuple(int(i) for i in np.argwhere(wrong)[0]) if array.ndim else ()
    where = f"{name}[{', '.join(map(str, place))}]" if place else name
    raise Refused(f"{where} = {array[place]:g} {what}; {step}.")
