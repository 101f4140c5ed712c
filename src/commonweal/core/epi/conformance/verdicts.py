"""How far a computed quantity lies from the reference, and whether that is near enough."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Check:
    """One compared quantity: its largest error, the tolerance it is held to, and a remark where one helps."""

    quantity: str
    error: float
    tolerance: float
    remark: str = ""

    @property
    def passed(self) -> bool:
        """Within tolerance (NaN never is)."""
        return bool(self.error <= self.tolerance)


@dataclass(frozen=True)
class Outcome:
    """One line of the report: a case and variant, and everything that was compared in it."""

    method: str
    case: str
    variant: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Every comparison within its tolerance, and at least one made."""
        return bool(self.checks) and all(check.passed for check in self.checks)

    @property
    def worst(self) -> Check:
        """The comparison nearest to (or furthest beyond) its tolerance."""
        if not self.checks:
            return Check("nothing compared", float("nan"), 0.0, "no quantity of this case could be compared")
        return max(self.checks, key=_strain)


def _strain(check: Check) -> float:
    if np.isnan(check.error):
        return np.inf
    return check.error / check.tolerance if check.tolerance > 0 else (np.inf if check.error > 0 else 0.0)


def absolute(quantity: str, got: ArrayLike, want: ArrayLike, tolerance: float, remark: str = "") -> Check:
    """Largest absolute difference; missing values must be missing on both sides."""
    return _compare(quantity, got, want, tolerance, relative_to=None, remark=remark)


def relative(
    quantity: str, got: ArrayLike, want: ArrayLike, tolerance: float, *, floor: float = 0.0, remark: str = ""
) -> Check:
    """Largest difference relative to the reference value (or to `floor` where that is larger)."""
    return _compare(quantity, got, want, tolerance, relative_to=floor, remark=remark)


def exact(quantity: str, got: ArrayLike, want: ArrayLike, remark: str = "") -> Check:
    """Number of positions that differ; none may."""
    a, b = np.asarray(got), np.asarray(want)
    if a.shape != b.shape:
        return Check(quantity, np.nan, 0.0, f"shape {a.shape} instead of {b.shape}")
    same = a == b
    if a.dtype.kind == "f" and b.dtype.kind == "f":
        same |= np.isnan(a) & np.isnan(b)
    return Check(quantity, float((~same).sum()), 0.0, remark)


def _compare(
    quantity: str, got: ArrayLike, want: ArrayLike, tolerance: float, *, relative_to: float | None, remark: str
) -> Check:
    a, b = np.asarray(got, dtype=np.float64), np.asarray(want, dtype=np.float64)
    if a.shape != b.shape:
        return Check(quantity, np.nan, tolerance, f"shape {a.shape} instead of {b.shape}")
    if a.size == 0:
        return Check(quantity, 0.0, tolerance, "no values")
    if (np.isnan(a) != np.isnan(b)).any():
        i = int(np.argmax(np.isnan(a) != np.isnan(b)))
        return Check(quantity, np.nan, tolerance, f"value {a.flat[i]} instead of {b.flat[i]} at position {i}")
    with np.errstate(invalid="ignore"):
        error = np.where(a == b, 0.0, np.abs(a - b))
    if relative_to is not None:
        scale = np.maximum(np.abs(b), relative_to)
        error = np.divide(error, scale, out=np.where(error > 0, np.inf, 0.0), where=scale > 0)
    return Check(quantity, float(np.nanmax(error, initial=0.0)), tolerance, remark)
