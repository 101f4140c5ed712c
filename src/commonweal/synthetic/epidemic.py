"""An epidemic in the fictional county, infection by infection, with planted clusters whose course is known.

People are infected in generations. Each infected person may infect household members (each with the household attack
rate), a few people at work, school or care home, and a few in the community, most of them near by. The mean number of
people infected by one is below 1, so the background lives on infections brought in from outside and stays steady; the
planted clusters start from seeds of their own and run hotter inside their place until they end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import polars as pl

from commonweal.core.errors import Refused
from commonweal.synthetic.chance import Flags, Floats, Ints, stream, weighted_index
from commonweal.synthetic.people import NOBODY, day_number
from commonweal.synthetic.settings import CARE_HOME, WORKPLACE
from commonweal.synthetic.world import World

ROUTES = ("brought in", "household", "work", "school", "care home", "community")
BROUGHT_IN, HOUSEHOLD, WORK, SCHOOL, HOME, COMMUNITY = range(len(ROUTES))
BACKGROUND = 0  # cluster number of infections that descend from no planted seed
# kinds of cluster that spread inside their place: which group is met there, and by which route
SPREADING = {
    "neighbourhood": ("cluster", COMMUNITY),
    "workplace": ("work", WORK),
    "care_home": ("care_home", HOME),
    "school": ("school", SCHOOL),
    "household": ("household", HOUSEHOLD),
}
GENERATION_SHAPE, GENERATION_MEAN = 4.0, 5.0  # days from infection to infection, gamma
HOUSEHOLD_ATTACK = 0.16
MOST_GENERATIONS = 60


@dataclass(frozen=True)
class Plan:
    """What to simulate. Days are whole calendar days.

    first_day, days: the span in which infections are kept. brought_in: infections brought in from outside, per 100,000
    people a day. work, school, care_home, community: mean number infected there by one person, before immunity. spread:
    the dispersion k of community spread (small: few people infect many). demand: the share of negative tests that rises
    and falls with positives; the rest stays as it was before the clusters. clusters, surges: the planted ones.
    """

    first_day: date
    days: int = 90
    brought_in: float = 7.0
    work: float = 0.12
    school: float = 0.05
    care_home: float = 0.45
    community: float = 0.24
    spread: float = 0.3
    demand: float = 1.0
    clusters: tuple[Cluster, ...] = field(default=())
    surges: tuple[Surge, ...] = field(default=())


@dataclass(frozen=True)
class Surge:
    """Testing of people who have no reason to be tested: so many a day of those who live in the middle areas named.

    first_day: day number. Those infected within the ten days before may be found; nobody is infected by it.
    """

    first_day: int
    days: int
    tests_a_day: int
    middle_areas: tuple[int, ...]


@dataclass(frozen=True)
class Cluster:
    """A planted cluster: `kind` is "neighbourhood", "workplace", "care_home", "school", "household" or "arrivals".

    name: what the truth tables call it. middle_areas: the numbers of the middle areas of a neighbourhood, or where
    those who arrive live; setting: the setting number of a workplace, home or school; households: the household
    numbers in which everybody is likely to be infected. Arrivals infect others as everybody does. first_day: day
    number of the first seeds; seeds a day for `seed_days` days; reproduction: mean number that each member infects
    inside the cluster's place, until `days` have passed.
    """

    name: str
    kind: str
    first_day: int
    days: int
    seeds_a_day: int
    seed_days: int
    reproduction: float
    middle_areas: tuple[int, ...] = ()
    setting: int = NOBODY
    households: tuple[int, ...] = ()


@dataclass(frozen=True)
class Infections:
    """One position an infection, in order of infection; nobody is infected twice.

    person: position in `World.people`. day: day number (days since 1970-01-01). infector: position in this table, or
    NOBODY. route: position in ROUTES. cluster: 0 for background, else 1 + position in the plan's clusters: the cluster
    of the planted seed that this infection descends from, wherever the person lives. generation: 0 for seeds.
    """

    person: Ints
    day: Ints
    infector: Ints
    route: Ints
    cluster: Ints
    generation: Ints


def default_plan(world: World, first_day: date, days: int = 90) -> Plan:
    """A steady background and three clusters: neighbouring poor areas of the city, a large workplace, a care home.

    The neighbourhood cluster begins 40 days before the end, the workplace 30, the care home 22 (sooner after one
    another in a span of less than 60 days).
    """
    rng = stream(world.seed, "cluster places")
    last = day_number(first_day) + days
    ago = [round(before * min(1.0, days / 60)) for before in (40, 30, 22)]
    workplace, home = _setting(world, rng, WORKPLACE, 250, 900), _setting(world, rng, CARE_HOME, 25, 60)
    clusters = (
        Cluster(
            "neighbourhood", "neighbourhood", last - ago[0], ago[0], 2, 14, 0.8, middle_areas=_neighbourhood(world)
        ),
        Cluster("workplace", "workplace", last - ago[1], ago[1] - 4, 3, 3, 1.5, setting=workplace),
        Cluster("care home", "care_home", last - ago[2], ago[2], 1, 2, 1.8, setting=home),
    )
    return Plan(first_day, days, clusters=clusters)


def simulate(world: World, plan: Plan, seed: int) -> Infections:
    """Run the epidemic; the same world, plan and seed give the same infections.

    Raises Refused for a plan of less than a week.
    """
    if plan.days < 7:
        raise Refused(f"A plan of {plan.days} days is too short for an epidemic. Give at least 7 days.")
    rng = stream(seed, "epidemic")
    links = _Links(world, plan)
    newest = _seeds(rng, world, plan)
    infected = np.zeros(len(world.people.lsoa), dtype=np.bool_)
    kept: list[dict[str, Ints]] = []
    rows = 0
    for generation in range(MOST_GENERATIONS):
        newest = _first_only(newest, infected)
        if not len(newest["person"]):
            break
        infected[newest["person"]] = True
        newest["row"] = rows + np.arange(len(newest["person"]))
        newest["generation"] = np.full(len(newest["person"]), generation)
        rows += len(newest["person"])
        kept.append(newest)
        newest = _offspring(rng, world, plan, links, newest)
    return _in_order({name: np.concatenate([part[name] for part in kept]) for name in kept[0]})


class _Links:
    """Who can be met where: people in order of each kind of group, so that a group is a slice."""

    def __init__(self, world: World, plan: Plan) -> None:
        people, settings = world.people, world.settings
        middle = world.geography.layout.middle[people.lsoa]
        home = np.where(people.care_home == NOBODY, NOBODY, people.care_home + settings.first_care_home)
        self.groups = {
            "household": np.where(people.care_home == NOBODY, people.household, NOBODY),
            "work": settings.work,
            "school": settings.school,
            # residents, and the staff who work in the same home
            "care_home": np.where(home == NOBODY, _only(settings.work, settings.first_care_home), home),
            "middle": middle,
            "district": world.geography.layout.district[people.lsoa],
            "anywhere": np.zeros(len(middle), dtype=np.int64),
            "cluster": np.where(np.isin(middle, _cluster_middles(plan)), 1, NOBODY),
        }
        self.members = {name: _Members(group) for name, group in self.groups.items()}


def _only(work: Ints, first: int) -> Ints:
    """The work setting where it is a care home, else NOBODY."""
    return np.where(work >= first, work, NOBODY)


def _cluster_middles(plan: Plan) -> Ints:
    middles = [m for cluster in plan.clusters if cluster.kind == "neighbourhood" for m in cluster.middle_areas]
    return np.array(middles, dtype=np.int64)


class _Members:
    def __init__(self, group: Ints) -> None:
        self.order = np.argsort(group, kind="stable")
        ordered = group[self.order]
        self.labels, self.first, self.count = np.unique(ordered, return_index=True, return_counts=True)

    def draw(self, rng: np.random.Generator, groups: Ints) -> Ints:
        """One member of each group named, all members equally likely."""
        at = np.searchsorted(self.labels, groups)
        return self.order[self.first[at] + np.floor(rng.random(len(groups)) * self.count[at]).astype(np.int64)]

    def everybody(self, groups: Ints) -> tuple[Ints, Ints]:
        """All members of each group named, with the position of the group in the argument."""
        at = np.searchsorted(self.labels, groups)
        count = self.count[at]
        asked = np.repeat(np.arange(len(groups)), count)
        within = np.arange(len(asked)) - np.repeat(np.cumsum(count) - count, count)
        return self.order[self.first[at][asked] + within], asked


def _seeds(rng: np.random.Generator, world: World, plan: Plan) -> dict[str, Ints]:
    """Infections brought in: more in poorer areas; and the planted seeds of each cluster."""
    people, first = world.people, day_number(plan.first_day)
    weights = 0.6 + 1.2 * world.geography.lsoas["deprivation"].to_numpy()[people.lsoa]
    wave = 1 + 0.25 * np.sin(2 * np.pi * np.arange(plan.days) / 75.0)
    daily = rng.poisson(plan.brought_in * len(people.lsoa) / 1e5 * wave)
    day = first + np.repeat(np.arange(plan.days), daily)
    parts = [(weighted_index(rng, weights, len(day)), day, np.full(len(day), BACKGROUND))]
    for number, cluster in enumerate(plan.clusters, start=1):
        inside = _people_of(world, cluster)
        days = cluster.first_day + np.repeat(np.arange(cluster.seed_days), cluster.seeds_a_day)
        chosen = rng.permutation(inside)[: len(days)]
        parts.append((chosen, days[: len(chosen)], np.full(len(chosen), number)))
    person, day, cluster_of = (np.concatenate(column) for column in zip(*parts, strict=True))
    return {
        "person": person,
        "day": day,
        "infector": np.full(len(person), NOBODY),
        "route": np.full(len(person), BROUGHT_IN),
        "cluster": cluster_of,
    }


def _people_of(world: World, cluster: Cluster) -> Ints:
    """The people of a cluster's place: those who live in a neighbourhood, work in a workplace, or either in a home."""
    people, settings = world.people, world.settings
    inside: Flags
    if cluster.kind in ("neighbourhood", "arrivals"):
        inside = np.isin(world.geography.layout.middle[people.lsoa], cluster.middle_areas)
    elif cluster.kind == "household":
        inside = np.isin(people.household, cluster.households)
    elif cluster.kind == "school":
        inside = (settings.school == cluster.setting) | (settings.work == cluster.setting)
    else:
        inside = settings.work == cluster.setting
        if cluster.kind == "care_home":
            inside = inside | (people.care_home == cluster.setting - settings.first_care_home)
    return np.flatnonzero(inside)


def _offspring(
    rng: np.random.Generator, world: World, plan: Plan, links: _Links, parents: dict[str, Ints]
) -> dict[str, Ints]:
    """Everybody the newest generation exposes enough to infect, before immunity."""
    person = parents["person"]
    found = [_household(rng, links, person)]
    found.append(_at(rng, links, "work", person, np.full(len(person), plan.work), WORK))
    found.append(_at(rng, links, "school", person, np.full(len(person), plan.school), SCHOOL))
    found.append(_at(rng, links, "care_home", person, np.full(len(person), plan.care_home), HOME))
    found.extend(_community(rng, links, plan, person))
    found.extend(_inside_clusters(rng, links, plan, parents))
    target, parent, route = (np.concatenate(column) for column in zip(*found, strict=True))
    wait = np.maximum(1, np.round(rng.gamma(GENERATION_SHAPE, GENERATION_MEAN / GENERATION_SHAPE, len(target))))
    day = parents["day"][parent] + wait.astype(np.int64)
    kept = (day < day_number(plan.first_day) + plan.days) & (target != person[parent])
    return {
        "person": target[kept],
        "day": day[kept],
        "infector": parents["row"][parent[kept]],
        "route": route[kept],
        "cluster": parents["cluster"][parent[kept]],
    }


Found = tuple[Ints, Ints, Ints]  # target person, position of the infector among the parents, route


def _household(rng: np.random.Generator, links: _Links, person: Ints) -> Found:
    private = np.flatnonzero(links.groups["household"][person] != NOBODY)
    target, asked = links.members["household"].everybody(links.groups["household"][person[private]])
    hit = rng.random(len(target)) < HOUSEHOLD_ATTACK
    return target[hit], private[asked[hit]], np.full(int(hit.sum()), HOUSEHOLD)


def _at(rng: np.random.Generator, links: _Links, where: str, person: Ints, mean: Floats, route: int) -> Found:
    """Poisson many members of the group that each person belongs to; nobody for those in no such group."""
    group = links.groups[where][person]
    parent = np.repeat(np.arange(len(person)), rng.poisson(np.where(group == NOBODY, 0.0, mean)))
    return links.members[where].draw(rng, group[parent]), parent, np.full(len(parent), route)


def _community(rng: np.random.Generator, links: _Links, plan: Plan, person: Ints) -> list[Found]:
    """Overdispersed numbers (negative binomial), six in ten in the own middle area, three in the own district."""
    rate = rng.gamma(plan.spread, plan.community / plan.spread, len(person))
    return [
        _at(rng, links, where, person, share * rate, COMMUNITY)
        for where, share in (("middle", 0.6), ("district", 0.3), ("anywhere", 0.1))
    ]


def _inside_clusters(rng: np.random.Generator, links: _Links, plan: Plan, parents: dict[str, Ints]) -> list[Found]:
    """The extra infections of planted clusters: by their own members, inside their place, while they last."""
    found = []
    for number, cluster in enumerate(plan.clusters, start=1):
        if cluster.kind not in SPREADING:
            continue
        where, route = SPREADING[cluster.kind]
        group = links.groups[where][parents["person"]]
        places = {"neighbourhood": (1,), "household": cluster.households}.get(cluster.kind, (cluster.setting,))
        running = parents["day"] < cluster.first_day + cluster.days
        mean = np.where((parents["cluster"] == number) & np.isin(group, places) & running, cluster.reproduction, 0.0)
        found.append(_at(rng, links, where, parents["person"], mean, route))
    return found


def _first_only(candidates: dict[str, Ints], infected: Flags) -> dict[str, Ints]:
    """Leave out people infected before; of several exposures in this generation the earliest counts."""
    open_ = np.flatnonzero(~infected[candidates["person"]])
    order = open_[np.lexsort((candidates["day"][open_], candidates["person"][open_]))]
    _, first = np.unique(candidates["person"][order], return_index=True)
    rows = order[first]
    return {name: column[rows] for name, column in candidates.items() if name not in ("row", "generation")}


def _in_order(rows: dict[str, Ints]) -> Infections:
    order = np.lexsort((rows["row"], rows["day"]))
    place = np.empty(len(order), dtype=np.int64)
    place[rows["row"][order]] = np.arange(len(order))
    infector = rows["infector"][order]
    return Infections(
        person=rows["person"][order],
        day=rows["day"][order],
        infector=np.where(infector == NOBODY, NOBODY, place[infector]),
        route=rows["route"][order],
        cluster=rows["cluster"][order],
        generation=rows["generation"][order],
    )


def _neighbourhood(world: World) -> tuple[int, ...]:
    """The most deprived middle area of the city with up to three neighbours that touch it, most deprived first."""
    layout = world.geography.layout
    table = pl.DataFrame(
        {"middle": layout.middle, "district": layout.district, "score": world.geography.lsoas["deprivation"]}
    )
    city = (
        table.filter(pl.col("district") == 0)
        .group_by("middle")
        .agg(pl.col("score").mean())
        .sort("score", descending=True)
    )
    score = dict(city.iter_rows())
    worst = next(iter(score))
    pairs = layout.middle[layout.cells.neighbours()]
    touching = set(pairs[(pairs == worst).any(axis=1)].ravel().tolist()) & set(score) - {worst}
    return (worst, *sorted(touching, key=lambda middle: (-score[middle], middle))[:3])


def _setting(world: World, rng: np.random.Generator, kind: int, low: int, high: int) -> int:
    """A setting of one kind in the size wanted; in a small world the largest there is."""
    size = "beds" if kind == CARE_HOME else "jobs"
    table = world.settings.table.filter(pl.col("kind") == kind).sort(size, "setting", descending=True)
    fitting = table.filter(pl.col(size).is_between(low, high))
    chosen = fitting["setting"] if len(fitting) else table["setting"].head(1)
    return int(chosen[int(rng.integers(len(chosen)))])
