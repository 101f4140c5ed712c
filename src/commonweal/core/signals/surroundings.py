"""One authority with what lies around it: what a worker gets (counts, no records), and all that is found there."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from commonweal.core.epi.checks import BoolArray, FloatArray, IntArray
from commonweal.core.epi.scan import analysis, prepare
from commonweal.core.errors import Refused
from commonweal.core.signals.budget import Budget
from commonweal.core.signals.found import Found
from commonweal.core.signals.small_counts import clumping_of, judged, relative_risk

WEEK = 7
PER = 100_000.0
SMALL = "small counts"
MOST_CLUSTERS = 8  # of one scan; the next ones come to light when these have been dealt with
PAST_P = 0.001  # a positivity cluster must stand out against its own past so far
BLOCK_SITES = 1000  # small areas that a worker gets at once: half a second, so that none waits long for the last


@dataclass(frozen=True)
class Sweeping:
    """How small areas are swept. days: of the scans; history: days of counts in all; longest: days of a cluster;
    radius_km: of a cluster; scan_cases: at least, of a cluster; least_cases: of a small area's week, by level."""

    days: int
    history: int
    longest: int
    radius_km: float
    replicates: int
    scan_cases: int
    least_cases: Mapping[str, int]
    budget: Budget

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Sweeping:
        """From `parameters/signals/sweep.yaml`. Raises `Refused` for what is missing or does not fit."""
        part = document["small_areas"]
        wanted = [name for name in cls.__dataclass_fields__ if name != "budget" and name not in part]
        if wanted:
            raise Refused(f"parameters/signals/sweep.yaml, small_areas: lacks {', '.join(wanted)}.")
        given = {name: part[name] for name in cls.__dataclass_fields__ if name != "budget"}
        return cls(**given, budget=Budget.from_document(document["budget"]))


@dataclass(frozen=True)
class Surroundings:
    """Small areas in and around one authority.

    codes, authority: of each small area. cases, positives, negatives: `[area, day]`, the last day is the morning's.
    without: the three without a late batch, where one came. population, points (`[area, 2]`, metres): of each. parents:
    level -> code of each area's larger area ("" where none is known).
    """

    code: str
    morning: date
    codes: tuple[str, ...]
    authority: tuple[str, ...]
    cases: NDArray[Any]
    positives: NDArray[Any]
    negatives: NDArray[Any]
    population: FloatArray
    points: FloatArray
    share: FloatArray
    parents: Mapping[str, tuple[str, ...]]
    without: tuple[NDArray[Any], NDArray[Any], NDArray[Any]] | None = None

    @property
    def own(self) -> BoolArray:
        """Which small areas are the authority's own."""
        return np.array([code == self.code for code in self.authority], dtype=bool)


@dataclass(frozen=True)
class Looked:
    """What a worker gives back of an authority: findings, those that a late batch explains, and what failed."""

    code: str
    found: tuple[Found, ...]
    explained: tuple[Found, ...]
    not_done: tuple[tuple[str, str], ...]
    places: tuple[tuple[str, int], ...]
    replicates: int


def look_around(item: tuple[list[Surroundings], Sweeping]) -> list[Looked]:
    """What a worker is asked: everything of a few authorities. One that cannot be done never stops the others."""
    return [_look(_as_floats(area), item[1]) for area in item[0]]


def _as_floats(area: Surroundings) -> Surroundings:
    """Counts travel as small whole numbers."""
    cases, positives, negatives = (
        np.asarray(each, dtype=np.float64) for each in (area.cases, area.positives, area.negatives)
    )
    return replace(area, cases=cases, positives=positives, negatives=negatives)


def _look(area: Surroundings, how: Sweeping) -> Looked:
    found, not_done, replicates = _everything(area, how)
    explained: list[Found] = []
    if area.without is not None:
        cases, positives, negatives = (np.asarray(each, dtype=np.float64) for each in area.without)
        less = replace(area, cases=cases, positives=positives, negatives=negatives, without=None)
        standing, _, more = _everything(less, how)
        replicates += more
        explained = [each for each in found if not any(_same(each, other) for other in standing)]
        found = [each for each in found if each not in explained]
    places = [(level, len(set(_own_codes(area, level)))) for level in how.least_cases]
    return Looked(area.code, tuple(found), tuple(explained), tuple(not_done), tuple(places), replicates)


def _same(one: Found, other: Found) -> bool:
    """With and without a batch: the same place, or clusters that share a small area."""
    if one.level != "cluster":
        return one.key == other.key
    return other.level == "cluster" and bool(one.members & other.members)


def _everything(area: Surroundings, how: Sweeping) -> tuple[list[Found], list[tuple[str, str]], int]:
    found: list[Found] = []
    failed: list[tuple[str, str]] = []
    replicates = 0
    for level in how.least_cases:
        try:
            found += _of_level(area, level, how)
        except Exception as error:  # one bad place must never stop the others; it is named
            failed.append((f"{level} of {area.code}", f"{type(error).__name__}: {error}"))
    for model in MODELS:
        try:
            clusters, ran = _of_scan(area, model, how)
        except Exception as error:  # as above
            failed.append((f"{model} of {area.code}", f"{type(error).__name__}: {error}"))
        else:
            found += clusters
            replicates += ran
    return found, failed, replicates


# Levels --------------------------------------------------------------------------------------------------------------


def _codes(area: Surroundings, level: str) -> tuple[str, ...]:
    return area.codes if level == "lsoa" else area.parents.get(level, ("",) * len(area.codes))


def _own_codes(area: Surroundings, level: str) -> list[str]:
    return [code for code, own in zip(_codes(area, level), area.own, strict=True) if own and code]


def _of_level(area: Surroundings, level: str, how: Sweeping) -> list[Found]:
    codes = np.array(_codes(area, level))
    names, place = np.unique(codes, return_inverse=True)
    keep = np.flatnonzero(names != "")
    if keep.size < 2:
        return []
    cases, people = np.zeros((names.size, area.cases.shape[1])), np.zeros(names.size)
    np.add.at(cases, place, area.cases)
    np.add.at(people, place, area.population)
    cases, people = cases[keep], people[keep]
    week = cases[:, -WEEK:].sum(axis=1)
    past = cases[:, : cases.shape[1] - how.longest]
    result = judged(week, past.sum(axis=1), people, clumping_of(_weeks(past)))
    own = set(_own_codes(area, level))
    looked = [number for number, name in enumerate(names[keep]) if name in own]
    recurrence = how.budget.recurrence(level, result.p_value, len(looked))
    exposure = float(area.share[-WEEK:].sum())
    out = []
    for number in looked:
        if week[number] < how.least_cases[level] or recurrence[number] < how.budget.limit_days:
            continue
        name = str(names[keep][number])
        members = _heart(area, np.flatnonzero(codes == name))
        rate = PER * WEEK * float(week[number]) / max(exposure, 1.0) / float(people[number])
        text = (
            f"{week[number]:.0f} people tested positive in 7 days as far as reported, where its own past and its "
            f"surroundings lead one to expect {result.expected[number]:.1f} "
            f"({result.low[number]:.0f} to {result.high[number]:.0f}). {_how_often(float(recurrence[number]))}"
        )
        out.append(
            Found(
                level, name, SMALL, frozenset(np.array(area.authority)[codes == name].tolist()), members,
                area.morning - timedelta(days=WEEK - 1), area.morning, float(week[number]),
                float(result.expected[number]), float(result.low[number]), float(result.high[number]), rate,
                float(week[number] / max(result.expected[number], 1e-9)), float(result.p_value[number]),
                float(recurrence[number]), text,
            )
        )  # fmt: skip
    return out


def _heart(area: Surroundings, inside: IntArray) -> frozenset[str]:
    """The fewest small areas that hold more than half of a larger one's cases of the week."""
    cases = area.cases[inside, -WEEK:].sum(axis=1)
    order = np.argsort(-cases, kind="stable")
    number = int(np.searchsorted(np.cumsum(cases[order]), cases.sum() / 2, side="right")) + 1
    return frozenset(area.codes[place] for place in inside[order[:number]])


def _weeks(days: FloatArray) -> FloatArray:
    """Sums of whole weeks, the newest last."""
    whole = days.shape[1] // WEEK * WEEK
    return np.asarray(days[:, days.shape[1] - whole :].reshape(days.shape[0], -1, WEEK).sum(axis=2))


def _how_often(recurrence: float) -> str:
    years = recurrence / 365.2425
    often = f"{years:.0f} years" if years >= 2 else f"{recurrence:.0f} days"
    return f"Chance alone brings one so sure in this authority once in {often if years < 1000 else 'over 1,000 years'}."


# Scans ---------------------------------------------------------------------------------------------------------------

MODELS = ("poisson", "permutation", "bernoulli")
SAYS = {
    "poisson": "{cases:.0f} people tested positive since {first:%-d %B} where {expected:.1f} would be its part of all "
    "around",
    "permutation": "{cases:.0f} people tested positive since {first:%-d %B} where its usual part of each day would be "
    "{expected:.1f}",
    "bernoulli": "{cases:.0f} positive tests since {first:%-d %B} where as many tests around gave {expected:.1f}",
}


def _of_scan(area: Surroundings, model: str, how: Sweeping) -> tuple[list[Found], int]:
    prepared, clumping = _prepared(area, model, how)
    if prepared is None:
        return [], 0
    inference = analysis.Inference(
        method="decision",
        replicates=how.replicates,
        limit_days=how.budget.limit_of(model),
        dispersion=clumping,
    )
    result = analysis.run(prepared, inference, seed=_seed(area, model), overlap="space", most=MOST_CLUSTERS)
    own, authority, codes = area.own, np.array(area.authority), np.array(area.codes)
    newest = area.cases[:, -how.days :]
    out = []
    for number, sites in enumerate(result.members):
        recurrence = float(how.budget.recurrence(model, float(result.p_value[number])))
        members = np.flatnonzero(np.isin(prepared.sites.of_place, sites))
        if recurrence < how.budget.limit_days or not own[members].any():
            continue
        if model == "bernoulli" and not _above_its_past(
            area, members, int(result.last[number] - result.first[number]) + 1, how, clumping
        ):
            continue
        first = area.morning - timedelta(days=how.days - 1 - int(result.first[number]))
        cases, expected = float(result.cases[number]), float(result.expected[number])
        heart = members[np.argmax(newest[members, int(result.first[number]) :].sum(axis=1))]
        people = float(area.population[members].sum())
        exposure = max(float(area.share[-how.days :][int(result.first[number]) :].sum()), 1.0)
        counted = float(newest[members, int(result.first[number]) :].sum())
        text = (
            SAYS[model].format(cases=cases, first=first, expected=expected)
            + f", in {len(members)} small areas. {_how_often(recurrence)}"
        )
        out.append(
            Found(
                "cluster", str(codes[heart]), f"{model} scan", frozenset(authority[members].tolist()),
                frozenset(codes[members].tolist()), first, area.morning, cases, expected, None, None,
                PER * WEEK * counted / exposure / people, float(result.ratio[number]), float(result.p_value[number]),
                recurrence, text,
            )
        )  # fmt: skip
    return out, result.replicates


def _above_its_past(area: Surroundings, members: IntArray, days: int, how: Sweeping, clumping: float) -> bool:
    """Whether more of a cluster's tests are positive than its own past and the change around it lead one to expect.

    Positivity differs between places for good; what was always so is no news.
    """
    positives, tests = area.positives, area.positives + area.negatives
    old, new = slice(0, positives.shape[1] - how.longest), slice(positives.shape[1] - days, None)
    all_old, all_new = tests[:, old].sum(), tests[:, new].sum()
    own_old = tests[members, old].sum()
    if not own_old or not all_old or not positives[:, old].sum():
        return True
    change = (positives[:, new].sum() / all_new) / (positives[:, old].sum() / all_old)
    seen = positives[members, old].sum() + 1.0
    mean = tests[members, new].sum() * seen / (own_old + 1.0) * change
    size = mean / (max(clumping - 1, 1e-6) + mean / seen)
    cases = positives[members, new].sum()
    return bool(special.betainc(cases, size, mean / (size + mean)) < PAST_P)


def _prepared(area: Surroundings, model: str, how: Sweeping) -> tuple[analysis.Prepared | None, float]:
    """The scan of one model, or None where there is too little to scan; and by how much its ratios are too large.

    That is by the clumps in which counts come, and, where areas are held against a level of their own, by how little
    their past tells of it: a window of w days against T days of past varies 1 + w/T times as much.
    """
    points = area.points / 1000.0
    windows = prepare.Windows(longest=how.longest, max_radius=how.radius_km, least_cases=how.scan_cases)
    past = area.cases[:, : area.cases.shape[1] - how.longest]
    unsure = 1 + how.longest / past.shape[1]
    cases = area.cases[:, -how.days :]
    if model == "bernoulli":
        positive, negative = area.positives[:, -how.days :], area.negatives[:, -how.days :]
        if positive.sum() < how.scan_cases or negative.sum() == 0:
            return None, 1.0
        old = area.positives[:, : area.positives.shape[1] - how.longest]
        return prepare.bernoulli(positive, negative, points, windows), unsure * clumping_of(_weeks(old))
    if cases.sum() < how.scan_cases:
        return None, 1.0
    clumping = clumping_of(_weeks(past))
    if model == "permutation":
        return prepare.permutation(cases, points, windows), clumping
    before = area.cases[:, : area.cases.shape[1] - how.longest].sum(axis=1)
    risk, _ = relative_risk(before, area.population)
    # each day's total is given, so that neither a rise of all areas nor a late day makes a cluster
    weights = (risk * area.population)[:, None] * cases.sum(axis=0)[None, :]
    return prepare.poisson(cases, weights * max(1.0, float(cases.max())), points, windows), unsure * clumping


def _seed(area: Surroundings, model: str) -> int:
    """The same for the same authority, day and model, wherever and in whatever order it is worked on."""
    return zlib.crc32(f"{area.code} {area.morning.isoformat()} {model}".encode())


def blocks(areas: list[Surroundings], how: Sweeping) -> list[tuple[list[Surroundings], Sweeping]]:
    """Authorities in blocks of about equal work, in their order."""
    out: list[tuple[list[Surroundings], Sweeping]] = []
    held = BLOCK_SITES
    for area in areas:
        if held >= BLOCK_SITES:
            out.append(([], how))
            held = 0
        out[-1][0].append(area)
        held += len(area.codes)
    return out
