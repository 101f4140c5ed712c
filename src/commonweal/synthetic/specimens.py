"""Who was tested, when, by which route, and with what result.

Positives come from the infected: most of those with symptoms a day or two after onset, few of those without, and
nearly all members of a planted workplace or care-home cluster once it is known. Nobody tests positive by PCR or
lateral flow who was not infected; some infected people test negative. Negatives are ten for each positive; half of
them from the middle areas where positives are, because demand follows an outbreak.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from commonweal.synthetic.chance import Flags, Floats, Ints, stream, weighted_index
from commonweal.synthetic.epidemic import Infections, Plan
from commonweal.synthetic.people import NOBODY, ages_on, day_number
from commonweal.synthetic.settings import SETTING_TYPES
from commonweal.synthetic.world import World

PILLARS = ("pillar1", "pillar2", "pillar4")
TEST_ROUTES = ("hospital", "regional_site", "local_site", "mobile_unit", "home_kit", "satellite_kit", "care_home")
HOSPITAL, REGIONAL, LOCAL, MOBILE, HOME_KIT, SATELLITE, CARE_HOME_ROUTE = range(len(TEST_ROUTES))
TEST_TYPES = ("pcr", "lateral_flow", "antibody")
PCR, LATERAL_FLOW, ANTIBODY = range(len(TEST_TYPES))
RESULTS = ("positive", "negative", "void")
POSITIVE, NEGATIVE, VOID = range(len(RESULTS))

NEGATIVES_A_POSITIVE = 10
SENSITIVITY = 0.92  # of PCR in this world; lateral flow finds three in four of those
LATERAL_FLOW_SENSITIVITY = 0.70
TESTED_WITH_SYMPTOMS, TESTED_WITHOUT, TESTED_IN_CLUSTER = 0.55, 0.07, 0.85
SYMPTOMS_BY_AGE = (0.35, 0.45, 0.62, 0.72, 0.75)  # below 10, 20, 40, 60, and above
HOSPITAL_BY_AGE = (0.02, 0.02, 0.03, 0.08, 0.30)
PILLAR2_ROUTES = np.array([0.0, 0.28, 0.27, 0.20, 0.21, 0.04, 0.0])
VOID_SHARE, SURVEY_SHARE, ANTIBODY_SHARE, LATERAL_FLOW_SHARE = 0.012, 0.012, 0.02, 0.05
REPEAT_SHARE = 0.08  # of positives tested again within ten days
SURGE_FINDS = (2, 10)  # days after infection on which a surge finds an infection
PAST_INFECTION = 21  # days for which a person once infected is not drawn as a negative


@dataclass(frozen=True)
class Specimens:
    """One position a test, in order of specimen day.

    person: position in World.people. day: specimen day number. pillar, route, kind, result: positions in the tables
    above. symptomatic: 1 yes, 0 no, -1 not said. onset: day number or NOBODY. setting: setting number or NOBODY.
    infection: position in Infections for tests of a current infection, else NOBODY. surge: position in the plan's
    surges for tests of people who had no reason of their own, else NOBODY.
    """

    person: Ints
    day: Ints
    pillar: Ints
    route: Ints
    kind: Ints
    result: Ints
    symptomatic: Ints
    onset: Ints
    setting: Ints
    infection: Ints
    surge: Ints


def take_tests(world: World, plan: Plan, infections: Infections, seed: int) -> Specimens:
    """All tests of the plan's span; same arguments, same tests."""
    rng = stream(seed, "tests")
    found = _tests_of_the_infected(rng, world, plan, infections)
    others = _tests_of_others(rng, world, plan, infections, found)
    parts = [found, others, *_surges(world, plan, infections, seed)]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in found}
    columns["surge"] = np.concatenate(
        [np.full(len(part["person"]), number - 2 if number > 1 else NOBODY) for number, part in enumerate(parts)]
    )
    columns = _ways(rng, world, columns)
    last = day_number(plan.first_day) + plan.days
    kept = np.flatnonzero(columns["day"] < last)
    order = kept[np.lexsort((kept, columns["day"][kept]))]
    return Specimens(**{name: column[order] for name, column in columns.items()})


def _by_age(table: tuple[float, ...], ages: Ints) -> Floats:
    return np.array(table)[np.searchsorted(np.array([10, 20, 40, 60]), ages, side="right")]


def _tests_of_the_infected(
    rng: np.random.Generator, world: World, plan: Plan, infections: Infections
) -> dict[str, Ints]:
    person, infected = infections.person, infections.day
    ages = ages_on(world.people.birth[person], infected)
    symptoms = rng.random(len(person)) < _by_age(SYMPTOMS_BY_AGE, ages)
    onset = infected + np.clip(np.round(rng.lognormal(1.55, 0.45, len(person))), 1, 14).astype(np.int64)
    chance = np.where(symptoms, TESTED_WITH_SYMPTOMS, TESTED_WITHOUT)
    chance = np.where(_sought_out(plan, infections), np.maximum(chance, TESTED_IN_CLUSTER), chance)
    tested = np.flatnonzero(rng.random(len(person)) < chance)
    wait = np.where(symptoms, rng.poisson(1.6, len(person)), rng.integers(0, 6, len(person)))
    again = tested[rng.random(len(tested)) < REPEAT_SHARE]
    first_day = onset + wait
    rows = np.concatenate([tested, again])
    day = np.concatenate([first_day[tested], first_day[again] + rng.integers(1, 11, len(again))])
    return {
        "person": person[rows],
        "day": day,
        "result": np.where(rng.random(len(rows)) < SENSITIVITY, POSITIVE, NEGATIVE),
        "symptomatic": symptoms[rows].astype(np.int64),
        "onset": np.where(symptoms[rows], onset[rows], NOBODY),
        "infection": rows,
    }


def _sought_out(plan: Plan, infections: Infections) -> Flags:
    """Members of planted clusters with a place that can be visited, a week after the first seeds and later."""
    sought = np.zeros(len(infections.person), dtype=np.bool_)
    for number, cluster in enumerate(plan.clusters, start=1):
        if cluster.kind not in ("neighbourhood", "arrivals"):
            sought |= (infections.cluster == number) & (infections.day >= cluster.first_day + 3)
    return sought


def _tests_of_others(
    rng: np.random.Generator, world: World, plan: Plan, infections: Infections, found: dict[str, Ints]
) -> dict[str, Ints]:
    """People who are not infected, or were long ago: ten a positive of the same week, each day of the week.

    Where demand does not follow positives altogether, the rest is the median day's.
    """
    first = day_number(plan.first_day)
    positive = (found["result"] == POSITIVE) & (found["day"] < first + plan.days)
    daily = np.bincount(found["day"][positive] - first, minlength=plan.days).astype(float)
    smooth = np.convolve(daily, np.ones(7), mode="same") / np.convolve(np.ones(plan.days), np.ones(7), mode="same")
    smooth = plan.demand * smooth + (1 - plan.demand) * np.median(smooth)
    count = rng.poisson(NEGATIVES_A_POSITIVE * (1.04 + VOID_SHARE) * np.maximum(smooth, 0.2))
    day = first + np.repeat(np.arange(plan.days), count)
    person = _who_else(rng, world, found["person"][positive], len(day))
    since = np.full(len(world.people.lsoa), np.iinfo(np.int64).max // 2)
    since[infections.person] = infections.day
    ago = day - since[person]
    usable = (ago < 0) | (ago > PAST_INFECTION)
    person, day = person[usable], day[usable]
    symptoms = rng.random(len(day)) < 0.6
    nothing = np.full(len(day), NOBODY)
    return {
        "person": person,
        "day": day,
        "result": np.full(len(day), NEGATIVE),
        "symptomatic": symptoms.astype(np.int64),
        "onset": np.where(symptoms & (rng.random(len(day)) < 0.7), day - rng.poisson(1.6, len(day)), nothing),
        "infection": nothing,
    }


def _surges(world: World, plan: Plan, infections: Infections, seed: int) -> list[dict[str, Ints]]:
    """The tests of each surge; of the infected those infected 2 to 10 days before can be found."""
    rng = stream(seed, "surges")
    middle = world.geography.layout.middle[world.people.lsoa]
    infected = np.full(len(world.people.lsoa), NOBODY)
    infected[infections.person] = np.arange(len(infections.person))
    made = []
    for surge in plan.surges:
        pool = np.flatnonzero(np.isin(middle, surge.middle_areas) & (world.people.care_home == NOBODY))
        person = pool[rng.integers(0, len(pool), surge.tests_a_day * surge.days)]
        day = surge.first_day + np.repeat(np.arange(surge.days), surge.tests_a_day)
        row = infected[person]
        ago = np.where(row == NOBODY, NOBODY, day - infections.day[row])
        carrying = (ago >= SURGE_FINDS[0]) & (ago <= SURGE_FINDS[1])
        found = carrying & (rng.random(len(day)) < SENSITIVITY)
        made.append(
            {
                "person": person,
                "day": day,
                "result": np.where(found, POSITIVE, NEGATIVE),
                "symptomatic": np.zeros(len(day), dtype=np.int64),
                "onset": np.full(len(day), NOBODY),
                "infection": np.where(carrying, row, NOBODY),
            }
        )
    return made


def _who_else(rng: np.random.Generator, world: World, positives: Ints, count: int) -> Ints:
    """Half from anywhere (staff of care homes and residents more often), half from the middle areas of positives."""
    people, settings = world.people, world.settings
    weights = np.ones(len(people.lsoa))
    weights[(settings.work >= settings.first_care_home) | (people.care_home != NOBODY)] = 6.0
    anywhere = weighted_index(rng, weights, count)
    if not len(positives):
        return anywhere
    middle = world.geography.layout.middle[people.lsoa]  # people are in order of small area, so of middle area too
    wanted = middle[positives[rng.integers(0, len(positives), count)]]
    first, past = np.searchsorted(middle, wanted), np.searchsorted(middle, wanted, side="right")
    near = first + np.floor(rng.random(count) * (past - first)).astype(np.int64)
    return np.where(rng.random(count) < 0.5, near, anywhere)


def _ways(rng: np.random.Generator, world: World, tests: dict[str, Ints]) -> dict[str, Ints]:
    """Pillar, route, kind of test, setting; and the results that follow from the kind."""
    people, settings = world.people, world.settings
    person, count = tests["person"], len(tests["person"])
    ages = ages_on(people.birth[person], tests["day"])
    in_home = (people.care_home[person] != NOBODY) | (settings.work[person] >= settings.first_care_home)
    hospital = ~in_home & (rng.random(count) < _by_age(HOSPITAL_BY_AGE, ages) + 0.10)
    survey = ~hospital & ~in_home & (rng.random(count) < SURVEY_SHARE)
    route = weighted_index(rng, PILLAR2_ROUTES, count)
    route = np.select([in_home, hospital, survey], [CARE_HOME_ROUTE, HOSPITAL, HOME_KIT], route)
    pillar = np.select([hospital, survey], [0, 2], 1)
    antibody = hospital & (tests["infection"] == NOBODY) & (rng.random(count) < ANTIBODY_SHARE / 0.15)
    fast = (route == LOCAL) & (rng.random(count) < LATERAL_FLOW_SHARE / 0.2)
    kind = np.select([antibody, fast], [ANTIBODY, LATERAL_FLOW], PCR)
    result = np.where(
        fast & (tests["result"] == POSITIVE) & (rng.random(count) > LATERAL_FLOW_SENSITIVITY / SENSITIVITY),
        NEGATIVE,
        tests["result"],
    )
    result = np.where(antibody & (rng.random(count) < 0.06), POSITIVE, result)  # an infection of an earlier time
    result = np.where((result == NEGATIVE) & (rng.random(count) < VOID_SHARE), VOID, result)
    home = np.where(
        people.care_home[person] != NOBODY, people.care_home[person] + settings.first_care_home, settings.work[person]
    )
    setting = np.where(settings.school[person] != NOBODY, settings.school[person], home)
    known = in_home | (rng.random(count) < 0.35)
    ways = {"pillar": pillar, "route": route, "kind": kind, "setting": np.where(known, setting, NOBODY)}
    return (
        tests
        | ways
        | {"result": result, "symptomatic": np.where(rng.random(count) < 0.12, NOBODY, tests["symptomatic"])}
    )


def setting_types(world: World, settings: Ints) -> pl.Series:
    """The setting type of each setting number; "unknown" for NOBODY."""
    kinds = world.settings.table["kind"].to_numpy()
    position = np.where(settings == NOBODY, len(SETTING_TYPES), kinds[settings])
    return pl.Series([*SETTING_TYPES, "unknown"]).gather(position)
