"""One contract for all series methods: bad input is refused by name, results repeat, inputs stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from commonweal.core.epi.aberration import bayes, cusum, likelihood_ratio
from commonweal.core.epi.aberration.daily import farrington_daily
from commonweal.core.epi.aberration.ears import ears
from commonweal.core.epi.aberration.farrington import FarringtonOptions, farrington
from commonweal.core.epi.chains import links
from commonweal.core.epi.decomposition import split_change
from commonweal.core.epi.nowcast import classical
from commonweal.core.epi.nowcast.chain_ladder import chain_ladder
from commonweal.core.epi.nowcast.reverse_hazard import reverse_hazard
from commonweal.core.epi.nowcast.triangle import from_line_list, masked
from commonweal.core.epi.rates import autocorrelation, bym2, funnel, intervals, smoothing, standardised
from commonweal.core.epi.rates.neighbours import from_pairs
from commonweal.core.epi.reproduction.cori import cori
from commonweal.core.epi.reproduction.renewal import renewal
from commonweal.core.epi.reproduction.wallinga_teunis import wallinga_teunis
from commonweal.core.epi.scan import prepare
from commonweal.core.epi.scan.analysis import Inference, run
from commonweal.core.epi.series import late_batches, shared_breaks
from commonweal.core.epi.testing import cases_given_tests, positivity
from commonweal.core.errors import Refused

DAYS = [date(2019, 1, 1) + timedelta(days=i) for i in range(420)]
SI = [0.0, 0.3, 0.4, 0.2, 0.1]
RING = from_pairs(6, [0, 1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 0])
POINTS = np.array([[0, 0], [1, 0.1], [2, 0], [0, 1.2], [1, 1.1], [2.3, 1]])


def _scan(counts: np.ndarray) -> Any:
    people = np.full(counts.shape, 1000.0)
    prepared = prepare.poisson(counts, people, POINTS[: len(counts)], prepare.Windows(longest=2))
    return run(prepared, Inference(replicates=99), seed=4)


def _permutation(counts: np.ndarray) -> Any:
    prepared = prepare.permutation(counts, POINTS[: len(counts)], prepare.Windows(longest=2))
    return run(prepared, Inference(replicates=99), seed=4)


# name -> call on counts [6 areas, 40 steps]
METHODS: dict[str, Callable[[np.ndarray], Any]] = {
    "ears": lambda y: ears(y, method="C3"),
    "farrington": lambda y: farrington(
        y, steps=[38, 39], options=FarringtonOptions(years=3, half_window=2, trend=False), period=12
    ),
    "cusum": lambda y: cusum.cusum(y, 2.0),
    "cusum_new": lambda y: cusum.recent_negative_binomial(y, baseline=14),
    "lr": lambda y: likelihood_ratio.likelihood_ratio(y, 2.0, shift=0.5),
    "glr": lambda y: likelihood_ratio.generalised_likelihood_ratio(y, 2.0),
    "bayes": lambda y: bayes.bayes(y, [39], years=0, half_window=6),
    "rki": lambda y: bayes.rki(y, [39], years=0, half_window=6),
    "cori": lambda y: cori(y, SI),
    "wallinga_teunis": lambda y: wallinga_teunis(y, SI),
    "shared_breaks": lambda y: shared_breaks(y),
    "late_batches": lambda y: late_batches(y.reshape(6, 10, 4), least_delay=2),
    "positivity": lambda y: positivity(y, np.full(np.shape(y), 50.0)),
    "given_tests": lambda y: cases_given_tests(y, 50.0 + np.arange(np.size(y)).reshape(np.shape(y))),
    "byar": lambda y: intervals.byar_or_exact(y),
    "direct": lambda y: standardised.direct(y, np.full(np.shape(y), 900.0), np.arange(1.0, np.shape(y)[1] + 1)),
    "overdispersion": lambda y: funnel.overdispersion(y[:, 0], np.full(6, 2.0)),
    "smoothing": lambda y: smoothing.global_rates(y[:, 0], np.full(6, 900.0)),
    "bym2": lambda y: bym2.bym2(y[:, 0], np.full(6, 2.0), RING, sigma_points=3, rho_points=2),
    "moran_of_rates": lambda y: autocorrelation.moran_of_rates(y[:, 0], np.arange(900.0, 906.0), RING),
    "split_change": lambda y: split_change((y[:, 0], y[:, 1]), (np.full(6, 50.0), np.full(6, 60.0)), draws=20),
    "chain_ladder": lambda y: chain_ladder(np.cumsum(masked(y.reshape(6, 10, 4), first_event=0, now=9).count, axis=2)),
    "lawless": lambda y: classical.lawless(masked(y.reshape(6, 10, 4), first_event=0, now=9), support=60),
    "bnb": lambda y: classical.beta_negative_binomial(masked(y.reshape(6, 10, 4), first_event=0, now=9), support=60),
    "bayes_nowcast": lambda y: classical.bayes(
        masked(y.reshape(6, 10, 4), first_event=0, now=9), classical.Prior(5, 30), support=60, draws=50, seed=3
    ),
    "reverse_hazard": lambda y: reverse_hazard(
        masked(np.tile(y, (1, 3))[:, :96].reshape(6, 24, 4), first_event=0, now=23)
    ),
    "renewal": lambda y: renewal(y, SI, samples=40, seed=2),
    "farrington_daily": lambda y: farrington_daily(np.tile(y, (1, 12))[:, :420], DAYS, steps=[418]),
    "scan_bernoulli": lambda y: run(
        prepare.bernoulli(y, np.full(np.shape(y), 9.0), POINTS, prepare.Windows(longest=2)),
        Inference(replicates=99),
        seed=4,
    ),
    "scan_decision": lambda y: run(
        prepare.poisson(y, np.full(np.shape(y), 1000.0), POINTS, prepare.Windows(longest=2)),
        Inference(method="decision"),
        seed=4,
    ),
    "links": lambda y: links(np.cumsum(y[0]), SI),
    "scan_poisson": _scan,
    "scan_permutation": _permutation,
}
COUNTS = np.random.default_rng(8).poisson(2.0, (6, 40)).astype(float)


@pytest.mark.parametrize("name", METHODS)
def test_repeats_itself_and_leaves_its_input_alone(name: str):
    given = COUNTS.copy()
    first, second = METHODS[name](given), METHODS[name](given)
    assert np.array_equal(given, COUNTS)
    assert _same(first, second)


# chain_ladder takes cumulative amounts, which may be corrected downwards; links takes days, not counts
COUNTERS = [name for name in METHODS if name not in ("links", "chain_ladder")]


@pytest.mark.parametrize("name", COUNTERS)
def test_refuses_negative_counts_by_name_and_value(name: str):
    wrong = COUNTS.copy()
    wrong[0, 0] = -3
    with pytest.raises(Refused, match=r"-3 is negative"):
        METHODS[name](wrong)


WHOLE = [name for name in COUNTERS if name not in ("byar", "direct", "overdispersion")]


@pytest.mark.parametrize("name", WHOLE)
def test_refuses_fractions_and_says_what_to_pass(name: str):
    wrong = COUNTS.copy()
    wrong[0, 0] = 2.5
    with pytest.raises(Refused, match=r"2\.5 is not a whole number; pass counts"):
        METHODS[name](wrong)


# methods that can leave a missing step out; all others must refuse it
SKIP_MISSING = {"ears", "farrington", "late_batches", "lawless", "bnb", "bayes_nowcast", "reverse_hazard"}


@pytest.mark.parametrize("name", [name for name in COUNTERS if name not in SKIP_MISSING])
def test_refuses_missing_counts(name: str):
    wrong = COUNTS.copy()
    wrong[0, 0] = np.nan
    with pytest.raises(Refused, match="missing"):
        METHODS[name](wrong)


EMPTY: dict[str, Callable[[], Any]] = {
    "ears": lambda: ears([]),
    "farrington": lambda: farrington([], steps=[0]),
    "cusum": lambda: cusum.cusum([], 1.0),
    "cori": lambda: cori([], SI),
    "wallinga_teunis": lambda: wallinga_teunis([], SI),
    "shared_breaks": lambda: shared_breaks([]),
    "late_batches": lambda: late_batches([]),
    "byar": lambda: intervals.byar([]),
    "positivity": lambda: positivity([], []),
    "links": lambda: links([], SI),
    "scan": lambda: prepare.permutation(np.empty((0, 0)), POINTS, prepare.Windows()),
}


@pytest.mark.parametrize("name", EMPTY)
def test_refuses_nothing_at_all(name: str):
    with pytest.raises(Refused, match="empty"):
        EMPTY[name]()


HOSTILE: dict[str, tuple[Callable[[], Any], str]] = {
    "places without coordinates": (
        lambda: prepare.permutation(COUNTS, [[0, 0], [np.nan, 1], [1, 1], [2, 2], [3, 3], [4, 4]], prepare.Windows()),
        "coordinates",
    ),
    "fewer coordinates than places": (lambda: prepare.permutation(COUNTS, POINTS[:4], prepare.Windows()), "4 places"),
    "a place with cases and no population": (
        lambda: prepare.poisson(COUNTS, [0.0, 1, 1, 1, 1, 1], POINTS, prepare.Windows()),
        "population",
    ),
    "more cases than people": (
        lambda: prepare.poisson(COUNTS + 50, np.full(6, 40.0), POINTS, prepare.Windows()),
        "population",
    ),
    "more positives than tests": (lambda: cases_given_tests(COUNTS + 9, np.full((6, 40), 8.0)), "exceed tests"),
    "more cases than tests in a stratum": (lambda: split_change(([5], [9]), ([6], [8])), "exceed tests"),
    "a report before its event": (lambda: from_line_list([5], [3], now=9, max_delay=3), "lies before event"),
    "more imported than all": (lambda: cori(COUNTS, SI, imported=COUNTS + 1), "exceeds incidence"),
    "a serial interval that does not add up": (lambda: cori(COUNTS, [0, 0.2, 0.2]), "adds up to 0.4"),
    "no circle": (lambda: prepare.permutation(COUNTS, POINTS, prepare.Windows(max_share=0)), "max_share is 0"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_refuses_what_cannot_be_and_names_it(name: str):
    call, message = HOSTILE[name]
    with pytest.raises(Refused, match=message):
        call()


def test_one_area_alone_equals_the_same_area_among_many():
    many, alone = ears(COUNTS, method="C1"), ears(COUNTS[2], method="C1")
    assert np.array_equal(many.upper[2], alone.upper, equal_nan=True)
    together, single = cori(COUNTS, SI), cori(COUNTS[2], SI)
    assert np.array_equal(together.mean[2], single.mean, equal_nan=True)


def test_one_step_is_too_short_and_the_message_says_how_much_is_needed():
    with pytest.raises(Refused, match="needs at least"):
        cori([[3.0]], SI)
    with pytest.raises(Refused, match="needs at least"):
        shared_breaks([[3.0]])


def _same(a: Any, b: Any) -> bool:
    if is_dataclass(a):
        return all(_same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    if isinstance(a, tuple):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, np.ndarray) and a.dtype.kind == "f":
        return np.array_equal(a, b, equal_nan=True)
    return bool(np.all(a == b)) or (a != a and b != b)
