"""Set up a scan from arrays: what each model needs, checked, with places joined into sites."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from commonweal.core.epi import checks
from commonweal.core.epi.checks import FloatArray, IntArray
from commonweal.core.epi.scan import expectation
from commonweal.core.epi.scan.analysis import Prepared
from commonweal.core.epi.scan.geometry import Circles, Sites, circles, sites
from commonweal.core.epi.scan.likelihood import BERNOULLI, BOTH, EXPECTATION, HIGH, LOW, POISSON
from commonweal.core.epi.scan.problem import (
    problem,
    prospective_windows,
    retrospective_windows,
    whole_period,
)
from commonweal.core.epi.scan.randomise import Null
from commonweal.core.errors import Refused


@dataclass(frozen=True)
class Windows:
    """Which circles and periods are scanned.

    period: `prospective` (windows that end on the last step), `retrospective` (all), `spatial` (the whole period).
    shortest, longest: steps (longest defaults to half of the period). max_share: of the null expectation (or of cases +
    controls) in one circle. max_radius: kilometres, or the unit of x and y. max_sites: neighbours, centre included.
    direction: `high`, `low` or `both`. least_cases: of a high-rate window. earlier_analyses: prospective only, simulate
    all windows that were alive on any of so many last steps; asks for a max_radius or max_sites of its own, since the
    circles must not depend on the day.
    """

    period: str = "prospective"
    shortest: int = 1
    longest: int | None = None
    max_share: float = 0.5
    max_radius: float = np.inf
    max_sites: int | None = None
    direction: str = "high"
    least_cases: int = 2
    earlier_analyses: int = 1


def poisson(
    count: ArrayLike,
    population: ArrayLike,
    coordinates: ArrayLike,
    windows: Windows,
    *,
    geographic: bool = False,
    weekday: ArrayLike | None = None,
    weekday_compat: str = "plain",
    completeness: ArrayLike | None = None,
    time_stratified: bool = False,
    geometry: Circles | None = None,
) -> Prepared:
    """Discrete Poisson: cases in proportion to population, indirectly standardised over strata.

    count, population: `[place, time]` or `[stratum, place, time]` (population may lack the time axis). weekday: 0-6 for
    each step, adds the day of the week as a stratum. completeness: share of each recent step already reported.
    time_stratified: condition on each step's total, so that only space matters within a step. geometry: circles of an
    earlier run over the same places and populations.
    """
    cases = _strata("count", count)
    people = _population(population, cases)
    if weekday is not None:
        cases, people = expectation.by_weekday(cases, people, weekday, compat=weekday_compat)
    expected = expectation.poisson(cases, people)
    if completeness is not None:
        expected = expectation.with_completeness(expected, completeness)
    total = cases.sum(axis=0)
    size = expectation.time_stratified(expected, total) if time_stratified else expected
    kind = "within_day" if time_stratified else "multinomial"
    return _assemble(total, size, coordinates, windows, geographic, geometry, POISSON, kind, stratified=time_stratified)


def permutation(
    count: ArrayLike,
    coordinates: ArrayLike,
    windows: Windows,
    *,
    geographic: bool = False,
    geometry: Circles | None = None,
) -> Prepared:
    """Space-time permutation: cases only; `[place, time]` or `[stratum, place, time]` (dates move within strata)."""
    if windows.period == "spatial":
        raise Refused("period is 'spatial'; a space-time permutation needs time. Choose prospective or retrospective.")
    cases = _strata("count", count)
    expected = expectation.permutation(cases)
    return _assemble(
        cases.sum(axis=0), expected, coordinates, windows, geographic, geometry, POISSON, "permutation", strata=cases
    )


def bernoulli(
    cases: ArrayLike,
    controls: ArrayLike,
    coordinates: ArrayLike,
    windows: Windows,
    *,
    geographic: bool = False,
    geometry: Circles | None = None,
) -> Prepared:
    """Positives among tested (`[place, time]` each): more tests at the same positivity raise nothing."""
    positive, negative = checks.counts("cases", cases), checks.counts("controls", controls)
    checks.same_shape("cases", positive, "controls", negative)
    tested = positive + negative
    share = positive.sum() / max(tested.sum(), 1.0)
    return _assemble(
        positive, tested, coordinates, windows, geographic, geometry, BERNOULLI, "sample", expected=tested * share
    )


def expected_based(
    count: ArrayLike,
    expected: ArrayLike,
    coordinates: ArrayLike,
    windows: Windows,
    *,
    geographic: bool = False,
    geometry: Circles | None = None,
) -> Prepared:
    """Counts against expectations from each place's own history (`[place, time]`), not conditioned on their total."""
    cases = checks.counts("count", count)
    baseline = checks.non_negative("expected", expected)
    checks.same_shape("count", cases, "expected", baseline)
    return _assemble(cases, baseline, coordinates, windows, geographic, geometry, EXPECTATION, "poisson")


def _assemble(
    count: FloatArray,
    size: FloatArray,
    coordinates: ArrayLike,
    windows: Windows,
    geographic: bool,
    geometry: Circles | None,
    model: int,
    kind: str,
    *,
    expected: FloatArray | None = None,
    strata: FloatArray | None = None,
    stratified: bool = False,
) -> Prepared:
    _check_cells(count, size, model)
    places = sites(coordinates, geographic=geographic)
    if places.of_place.size != count.shape[0]:
        raise Refused(
            f"coordinates has {places.of_place.size} places and count has {count.shape[0]}; "
            "pass one pair of coordinates for each place, in the same order."
        )
    site_count, site_size = _joined(count, places), _joined(size, places)
    shown = site_size if expected is None else _joined(expected, places)
    area = geometry or circles(
        places.points,
        site_size.sum(axis=1),
        max_share=windows.max_share,
        max_radius=windows.max_radius,
        max_sites=windows.max_sites,
    )
    observed, simulated = _spans(windows, count.shape[1])
    direction = {"high": HIGH, "low": LOW, "both": BOTH}[
        checks.one_of("direction", windows.direction, ("high", "low", "both"))
    ]
    options = {
        "model": model,
        "direction": direction,
        "least_cases": windows.least_cases,
        "stratified": stratified,
        "expected": shown,
    }
    alive = problem(site_count, site_size, observed, **options)  # type: ignore[arg-type]
    every = alive if simulated is observed else problem(site_count, site_size, simulated, **options)  # type: ignore[arg-type]
    cells = site_count[None] if strata is None else np.stack([_joined(table, places) for table in strata])
    null = Null(kind, cells.astype(np.int64), site_size)
    return Prepared(alive, every, area, null, places, split_in_time=windows.period == "retrospective")


def _spans(windows: Windows, length: int) -> tuple[tuple[IntArray, IntArray], tuple[IntArray, IntArray]]:
    """Windows that are reported, and those that are simulated."""
    checks.one_of("period", windows.period, ("prospective", "retrospective", "spatial"))
    if windows.period == "spatial":
        whole = whole_period(length)
        return whole, whole
    shortest = checks.at_least("shortest", windows.shortest, 1)
    longest = max(1, length // 2) if windows.longest is None else windows.longest
    if not shortest <= longest <= length:
        raise Refused(
            f"longest is {longest} steps; it must lie between shortest ({shortest}) and the {length} steps given."
        )
    if windows.period == "retrospective":
        spans = retrospective_windows(length, shortest, longest)
        return spans, spans
    alive = prospective_windows(length, shortest, longest)
    if windows.earlier_analyses == 1:
        return alive, alive
    return alive, prospective_windows(length, shortest, longest, ends=windows.earlier_analyses)


def _check_cells(count: FloatArray, size: FloatArray, model: int) -> None:
    total = count.sum()
    if total < 2:
        raise Refused(f"count holds {total:g} cases; a scan needs at least 2. Wait for more, or use a longer period.")
    if model == BERNOULLI and total == size.sum():
        raise Refused("every tested person is a case; a Bernoulli scan needs controls. Pass negatives as controls.")
    if total > np.iinfo(np.int16).max:
        raise Refused(f"count holds {total:g} cases; at most 32767 fit. Use a shorter period or larger places.")
    stray = (count > 0) & (size <= 0)
    if stray.any():
        place, step = (int(i) for i in np.argwhere(stray)[0])
        raise Refused(
            f"count[{place}, {step}] = {count[place, step]:g} where nothing is expected; "
            "give the place a population there, or correct the case's place."
        )


def _joined(cells: FloatArray, places: Sites) -> FloatArray:
    out = np.zeros((places.points.shape[0], cells.shape[1]))
    np.add.at(out, places.of_place, cells)
    return out


def _strata(name: str, values: ArrayLike) -> FloatArray:
    array = checks.counts(name, values)
    if array.ndim not in (2, 3):
        raise Refused(f"{name} has {array.ndim} axes; pass [place, time] or [stratum, place, time].")
    return array[None] if array.ndim == 2 else array


def _population(values: ArrayLike, cases: FloatArray) -> FloatArray:
    """Population in the shape of the cases; a missing time axis is repeated."""
    people = checks.non_negative("population", values)
    if people.ndim == cases.ndim - 1 and people.shape == cases.shape[1:]:
        people = people[None]
    elif people.shape == cases.shape[:2]:
        people = people[..., None]
    elif people.shape == (cases.shape[1],):
        people = people[None, :, None]
    try:
        people = np.broadcast_to(people, cases.shape).astype(np.float64)
    except ValueError as error:
        raise Refused(
            f"population has shape {people.shape} and count {cases.shape}; pass one population a place, or one a cell."
        ) from error
    seen, living = cases.sum(axis=0), people.sum(axis=0)
    more = (seen > living) & (living > 0)
    if more.any():
        place, step = (int(i) for i in np.argwhere(more)[0])
        raise Refused(
            f"count[{place}, {step}] = {seen[place, step]:g} exceeds population {living[place, step]:g}; check the "
            "place and the unit (people, not thousands). For a scan against an expectation use expected_based."
        )
    return people
