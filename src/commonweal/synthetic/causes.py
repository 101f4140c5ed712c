"""Rises of every kind with a known cause, in the fictional city: what an explanation of a rise is judged by.

Each is a small epidemic of its own with one thing planted in it, shown as the cases and tests of two fortnights. What
people say of themselves is known for a share of cases only (`asked`), as it is of a real line list; addresses are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from commonweal.core.errors import Refused
from commonweal.core.signals import why_data as why
from commonweal.core.signals.why_shares import household_in_common
from commonweal.synthetic.chance import Flags, Ints, stream
from commonweal.synthetic.delays import DAY, draw_times
from commonweal.synthetic.epidemic import BROUGHT_IN, Cluster, Infections, Plan, Surge, simulate
from commonweal.synthetic.people import NOBODY, ages_on, day_number
from commonweal.synthetic.settings import CARE_HOME, PRIMARY, SECONDARY, WORKPLACE
from commonweal.synthetic.specimens import ANTIBODY, POSITIVE, VOID, Specimens, take_tests
from commonweal.synthetic.world import World, make_world

KINDS = ("workplace", "household", "care_home", "school", "testing_surge", "general_spread", "arrivals", "reporting")
SCALE, FIRST_DAY, DAYS, WINDOW = 0.1, date(2020, 9, 1), 84, 14
CITY = 0
ASKED = 0.8  # share of people who were asked where they work, learn and have been
HELD_BACK, HELD_FROM, HELD_UNTIL = 0.5, 35, 12  # of a late batch: share, and days before the end its specimens lie
LATE_DAYS = 8


@dataclass(frozen=True)
class Planted:
    """A rise with its cause: what is seen of it, and how much of the change the planted cause really made.

    kind: one of KINDS. change, caused: cases after minus before, of all and of the planted cause. setting: the name of
    the place, where it has one.
    """

    kind: str
    cases: why.Cases
    tested: why.Tested
    change: int
    caused: int
    setting: str | None

    @property
    def share(self) -> float:
        """The true share of the change that was planted."""
        return self.caused / self.change if self.change else float("nan")


@dataclass(frozen=True)
class _Scene:
    """One simulated city: the plan, what happened, and the days on which its tests count."""

    world: World
    plan: Plan
    infections: Infections
    specimens: Specimens
    counted_on: Ints
    late: Flags


def plant(kind: str, seed: int, asked: float = ASKED, demand: float = 0.0) -> Planted:
    """Plant one kind of cause in the city of one seed; the same arguments give the same rise.

    asked: share of people of whom setting and arrival are known. demand: share of negative tests that follows
    positives: with more than 0 a rise makes more testing, and which came first is not in the data.

    Raises Refused for a kind that is none of KINDS.
    """
    if kind not in KINDS:
        raise Refused(f"{kind} is no kind of cause. Choose one of {', '.join(KINDS)}.")
    world = make_world(seed, SCALE, FIRST_DAY)
    plan = _plan(world, kind, demand, stream(seed, f"cause {kind}"))
    infections = simulate(world, plan, seed)
    specimens = take_tests(world, plan, infections, seed)
    return _seen(_Scene(world, plan, infections, specimens, *_counted(kind, specimens, seed)), kind, seed, asked)


def _plan(world: World, kind: str, demand: float, rng: np.random.Generator) -> Plan:
    last = day_number(FIRST_DAY) + DAYS
    begin = last - WINDOW - 6
    middles = _city_middles(world)
    clusters: tuple[Cluster, ...] = ()
    surges: tuple[Surge, ...] = ()
    if kind == "workplace":
        clusters = (Cluster(kind, kind, begin, 18, 4, 4, 2.2, setting=_setting(world, rng, WORKPLACE, 100, 440)),)
    elif kind == "care_home":
        clusters = (Cluster(kind, kind, begin - 3, 20, 3, 3, 2.6, setting=_setting(world, rng, CARE_HOME, 40, 200)),)
    elif kind == "school":
        clusters = (Cluster(kind, kind, begin, 18, 6, 4, 2.2, setting=_setting(world, rng, SECONDARY, 0, 10**6)),)
    elif kind == "household":
        homes = _large_households(world, rng, 45)
        clusters = (Cluster(kind, kind, begin - 2, 22, 9, 5, 4.0, households=homes),)
    elif kind == "general_spread":
        clusters = (Cluster(kind, "neighbourhood", begin - 6, 26, 5, 8, 1.1, middle_areas=middles),)
    elif kind == "arrivals":
        clusters = (Cluster(kind, kind, begin, 16, 10, 16, 0.0, middle_areas=middles),)
    elif kind == "testing_surge":
        surges = (Surge(last - WINDOW, WINDOW, 2_200, middles),)
    return Plan(
        FIRST_DAY, DAYS, brought_in=25.0 if kind in ("testing_surge", "reporting") else 4.0, demand=demand,
        clusters=clusters, surges=surges,
    )  # fmt: skip


def _city_middles(world: World) -> tuple[int, ...]:
    layout = world.geography.layout
    return tuple(int(middle) for middle in np.unique(layout.middle[layout.district == CITY]))


def _setting(world: World, rng: np.random.Generator, kind: int, low: int, high: int) -> int:
    """A setting of one kind and size with as many members in the city as any; among the three largest fitting."""
    in_city = world.geography.layout.district[world.people.lsoa] == CITY
    if kind == CARE_HOME:
        home = np.where(
            world.people.care_home == NOBODY, NOBODY, world.people.care_home + world.settings.first_care_home
        )
        members = np.where(home == NOBODY, world.settings.work, home)
    else:
        members = world.settings.school if kind in (PRIMARY, SECONDARY) else world.settings.work
    count = np.bincount(members[in_city & (members != NOBODY)], minlength=len(world.settings.table))
    fits = (world.settings.table["kind"].to_numpy() == kind) & (count >= low) & (count <= high)
    if not fits.any():
        fits = world.settings.table["kind"].to_numpy() == kind
    order = np.argsort(-np.where(fits, count, -1), kind="stable")[:3]
    return int(order[int(rng.integers(min(len(order), int(fits.sum()))))])


def _large_households(world: World, rng: np.random.Generator, count: int) -> tuple[int, ...]:
    people = world.people
    usable = (world.geography.layout.district[people.lsoa] == CITY) & (people.care_home == NOBODY)
    numbers, size = np.unique(people.household[usable], return_counts=True)
    chosen = rng.permutation(numbers[size >= 4])[:count]
    return tuple(int(number) for number in chosen)


def _counted(kind: str, specimens: Specimens, seed: int) -> tuple[Ints, Flags]:
    """The day on which each test counts: its specimen's, but for a late batch that of its report."""
    if kind != "reporting":
        return specimens.day, np.zeros(len(specimens.day), dtype=np.bool_)
    rng = stream(seed, "late batch")
    reported = draw_times(rng, specimens.day, specimens.route).reported // DAY
    last = day_number(FIRST_DAY) + DAYS
    held = (specimens.day >= last - HELD_FROM) & (specimens.day < last - HELD_UNTIL)
    held &= rng.random(len(specimens.day)) < HELD_BACK
    reported = np.where(held, last - 5, reported)
    late: Flags = reported - specimens.day >= LATE_DAYS
    return reported, late


def _seen(scene: _Scene, kind: str, seed: int, asked: float) -> Planted:
    specimens, people = scene.specimens, scene.world.people
    rng = stream(seed, "what is known")
    last = day_number(FIRST_DAY) + DAYS
    window = np.floor_divide(scene.counted_on - (last - WINDOW), WINDOW) + 1  # 1 after, 0 before, -1 earlier
    in_city = scene.world.geography.layout.district[people.lsoa[specimens.person]] == CITY
    usable = in_city & (specimens.kind != ANTIBODY) & (specimens.result != VOID) & (window <= 1)
    stratum, reason = _strata(scene)
    first = _first_positives(specimens, scene.counted_on, usable)
    others = usable & (window >= 0)
    others[first] = False
    tested = why.Tested(
        np.bincount(stratum[others & (window == 0)], minlength=len(reason)).astype(np.float64),
        np.bincount(stratum[others & (window == 1)], minlength=len(reason)).astype(np.float64),
        reason,
    )
    first = first[window[first] >= -1]
    caused = _caused(scene, kind, first)
    cases = _cases(scene, first, window[first], stratum[first], rng, asked)
    after, before = window[first] == 1, window[first] == 0
    if kind == "general_spread":  # those who live with another case are the household's, wherever the first one met it
        caused &= ~household_in_common(cases, 2)
    number = scene.plan.clusters[0].setting if scene.plan.clusters else NOBODY
    return Planted(
        kind,
        cases,
        tested,
        int(after.sum()) - int(before.sum()),
        int((caused & after).sum()) - int((caused & before).sum()),
        None if number == NOBODY else str(scene.world.settings.table["name"][number]),
    )


def _strata(scene: _Scene) -> tuple[Ints, Ints]:
    """The stratum of each test, middle area and whether the person had symptoms, and the reason of each stratum."""
    specimens, world = scene.specimens, scene.world
    middle = world.geography.layout.middle[world.people.lsoa[specimens.person]]
    values, back = np.unique(middle * 3 + specimens.symptomatic + 1, return_inverse=True)
    return np.asarray(back, dtype=np.int64), values % 3


def _first_positives(specimens: Specimens, counted_on: Ints, usable: Flags) -> Ints:
    positive = np.flatnonzero(usable & (specimens.result == POSITIVE))
    order = positive[np.lexsort((positive, counted_on[positive], specimens.person[positive]))]
    _, first = np.unique(specimens.person[order], return_index=True)
    return order[first]


def _caused(scene: _Scene, kind: str, rows: Ints) -> Flags:
    """Which cases the planted cause made, as the simulation knows."""
    specimens, people, settings = scene.specimens, scene.world.people, scene.world.settings
    person, infection = specimens.person[rows], specimens.infection[rows]
    known = infection != NOBODY
    made: Flags = known & (scene.infections.cluster[infection] == 1)
    if kind == "reporting":
        made = scene.late[rows]
    elif kind == "testing_surge":
        made = specimens.surge[rows] != NOBODY
    elif kind == "arrivals":
        made = known & _arrived(scene, infection)
    elif kind == "household":
        made &= np.isin(people.household[person], _shared_homes(scene))
    elif kind != "general_spread":
        number = scene.plan.clusters[0].setting
        resident = people.care_home[person] != NOBODY
        members = (settings.work[person] == number) | (settings.school[person] == number)
        made &= members | (resident & (people.care_home[person] + settings.first_care_home == number))
    return made


def _shared_homes(scene: _Scene) -> Ints:
    """Households in which the planted cause infected two or more, found or not."""
    mine = scene.world.people.household[scene.infections.person[scene.infections.cluster == 1]]
    homes, count = np.unique(mine, return_counts=True)
    shared: Ints = homes[count >= 2]
    return shared


def _arrived(scene: _Scene, infection: Ints) -> Flags:
    """Infected outside: all that is brought in, but for the seeds of a cluster that begins here."""
    planted_here = (scene.infections.cluster[infection] != 0) & all(c.kind != "arrivals" for c in scene.plan.clusters)
    arrived: Flags = (scene.infections.route[infection] == BROUGHT_IN) & ~planted_here
    return arrived


def _cases(scene: _Scene, rows: Ints, window: Ints, stratum: Ints, rng: np.random.Generator, asked: float) -> why.Cases:
    specimens, people, settings = scene.specimens, scene.world.people, scene.world.settings
    person, infection = specimens.person[rows], specimens.infection[rows]
    ages = ages_on(people.birth[person], specimens.day[rows])
    resident = people.care_home[person] != NOBODY
    attends = np.where(settings.school[person] != NOBODY, settings.school[person], settings.work[person])
    attends = np.where(resident, people.care_home[person] + settings.first_care_home, attends)
    answered = resident | (rng.random(len(rows)) < asked)
    used, back = np.unique(attends, return_inverse=True)
    number = np.where(attends == NOBODY, why.NO_SETTING, back - int(used[0] == NOBODY))
    table = settings.table[used[used != NOBODY].tolist()]
    kinds = np.array([why.SETTING_KINDS.index(_kind_name(kind)) for kind in table["kind"]], dtype=np.int64)
    brought = (infection != NOBODY) & _arrived(scene, infection)
    bands = np.minimum(ages // 10, 8)
    return why.Cases(
        window=window,
        stratum=stratum,
        household=np.where(resident, why.UNKNOWN, people.household[person]),
        setting=np.where(answered, number, why.UNKNOWN),
        age_group=np.searchsorted(np.array([18, 67]), ages, side="right").astype(np.int64),
        arrived=np.where(rng.random(len(rows)) < asked, brought.astype(np.int64), why.UNKNOWN),
        late=scene.late[rows],
        places=why.Places(tuple(table["name"]), kinds),
        fields=(
            why.Field("age", bands, (*(f"{low}-{low + 9}" for low in range(0, 80, 10)), "80+")),
            why.Field("sex", people.sex[person], ("female", "male")),
        ),
    )


def _kind_name(kind: int) -> str:
    return {WORKPLACE: "workplace", CARE_HOME: "care_home"}.get(kind, "school")
