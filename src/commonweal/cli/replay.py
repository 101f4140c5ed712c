"""`commonweal replay DIR --area CODE`: a rise of 2020 told day by day, by public figures and by all results."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commonweal.cli.published_folder import (
    Populations,
    authorities,
    once,
    read_counts,
    read_csv,
    read_triangle,
    read_weeks,
)
from commonweal.core.errors import NotThere

if TYPE_CHECKING:
    import polars as pl

    from commonweal.core.epi.checks import FloatArray, IntArray
    from commonweal.core.signals.life import Finding
    from commonweal.core.signals.publications import Triangle
    from commonweal.core.signals.setting import Setting
    from commonweal.core.signals.within import Small


SMALL_AREAS = "assumed: weekly counts dealt out by the authority's own days, suppressed cells as 0"
NO_SCENARIOS = "No scenarios: no share of positive tests was published for this place, or nobody counted in a period."
FEW = 10  # below it what is expected is told to a tenth: 0.4 is not 0
NO_NATION = "no day: the folder has no series of the nation"
NO_SMALL_AREAS = "not told: the folder has no small area of this place"


@click.command()
@click.argument("directory", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--area", required=True, help="Code of the authority, for example E06000016.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of the log.")
def replay(directory: Path, area: str, as_json: bool) -> None:
    """Tell the rise of an authority in 2020 day by day, in two worlds.

    World "public": the figures as they were published each day, pillar 1 alone until 1 July. World "all_pillars": all
    results together, with the reporting delays measured in July, and with delays twice as long.
    """
    import yaml

    from commonweal.core.signals.setting import Setting
    from commonweal.server import parameters

    setting = Setting.from_document(yaml.safe_load(parameters.text("signals/rule.yaml")))
    plan = yaml.safe_load(parameters.text("signals/benchmark.yaml"))
    own = yaml.safe_load(parameters.text("signals/replay.yaml"))
    document = Replayed(directory, area, plan, own, setting).document()
    click.echo(json.dumps(document, indent=1) if as_json else as_text(document))


class Replayed:
    """Everything read once, and the two worlds."""

    def __init__(self, directory: Path, area: str, plan: dict[str, Any], own: dict[str, Any], setting: Setting) -> None:
        from commonweal.core.signals.publications import matrix

        self.directory, self.area, self.plan, self.own, self.setting = directory, area, plan, own, setting
        self.start: date = plan["series_start"]
        table = read_counts(directory / plan["series"])
        lower = authorities(table, directory / plan["series"])
        self.areas: list[str] = lower["area_code"].unique().sort().to_list()
        if area not in self.areas:
            raise NotThere(
                f"There is no series of {area} in {directory}; {plan['series']} has {len(self.areas)} authorities."
            )
        _require_period(table, directory / plan["series"], own)
        self.final: IntArray = matrix(lower, self.areas, self.start, own["last"])
        self.nation: IntArray | None = None
        nation = once(table.filter(table["area_code"] == own["nation"]), directory / plan["series"])
        if not nation.is_empty():
            self.nation = matrix(nation, [own["nation"]], self.start, own["last"])[0]
        self.people = Populations.read(directory, plan)
        self.triangle: Triangle = read_triangle(directory, plan["triangles"]["utla"])
        self.number = self.areas.index(area)

    def document(self) -> dict[str, Any]:
        """The whole answer as plain values."""
        worlds = {"public": self.public(), "all_pillars": self.all_pillars()}
        return {"area": self.area, "rule_version": self.setting.version, "worlds": worlds}

    def public(self) -> dict[str, Any]:
        """World (a), with what it could not see."""
        from commonweal.core.signals.replay import Line, tell

        tier = self.area if self.area in self.triangle.areas else self._upper()
        told = tell(
            self.triangle, self.people.of(self.triangle.areas), self.setting, tier, self._period(), self._decided()
        )
        told.events.extend(Line(day, "not_seen", text) for day, text in self._not_seen(tier))
        told.events.sort(key=lambda line: (line.day, line.kind))
        return {"area": tier, **told.as_dict()}

    def all_pillars(self) -> dict[str, Any]:
        """World (b): the log of the first seed, and of every seed and delay the dates, and where."""
        from commonweal.core.signals import bench
        from commonweal.core.signals.replay import part_of_the_rise, slower, tell, thinned_source

        chosen = self.plan["triangles"]["utla"]
        share = bench.delays_of(self.triangle, chosen["one_definition_from"], chosen["learn_until"], self.setting)
        population = self.people.of(self.areas)
        told, found = [], []
        for times in (1, 2):
            for seed in self.own["seeds"]:
                delays = share if times == 1 else slower(share, times)
                source = thinned_source(self.final, self.areas, self.start, delays, seed)
                about = (source, population, self.setting, self.area, self._period(), self._decided())
                alone = tell(*about)
                clusters = self._clusters(delays, seed, alone.first_signal)
                world = tell(*about, clusters, alone.watched)
                told.append(world)
                raised = None if world.first_signal is None else (world.first_signal - self.start).days
                where = part_of_the_rise(clusters, raised, self.own["scan"]["patience"])
                levelled = self._levelled(delays, seed, population)
                found.append({"delays_times": times, "seed": seed, "first_signal": _text(world.first_signal),
                              "first_signal_levelled": levelled,
                              "first_part_named": None if where is None else str(self._day(where.morning)),
                              "part": None if where is None else where.evidence})  # fmt: skip
        since, history = self._against_nation()
        return {
            **told[0].as_dict(),
            "first_signal": _latest(each["first_signal"] for each in found if each["delays_times"] == 1),
            "first_signal_delays_twice_as_long": _latest(
                each["first_signal"] for each in found if each["delays_times"] == 2
            ),
            "levelled_days": {str(day): cases for day, cases in self._set_to().items()},
            "first_signal_levelled": _latest(
                each["first_signal_levelled"] for each in found if each["delays_times"] == 1
            ),
            "small_areas_by_day": SMALL_AREAS if self._small else NO_SMALL_AREAS,
            "by_seed": found,
            "three_times_the_nation_since": _text(since),
            "history": history,
            "scenarios": self._scenarios(),
        }

    def _set_to(self) -> dict[date, int]:
        days: dict[date, int] = self.own["levelled"].get(self.area, {})
        return days

    def _levelled(self, share: FloatArray, seed: int, population: FloatArray) -> str | None:
        """The first signal when days that stand far above the others are set to what was usual around them."""
        from commonweal.core.signals.replay import tell, thinned_source

        if not self._set_to():
            return None
        final = self.final.copy()
        for day, cases in self._set_to().items():
            final[self.number, (day - self.start).days] = cases
        source = thinned_source(final, self.areas, self.start, share, seed)
        told = tell(source, population, self.setting, self.area, self._period(), self._decided())
        return _text(told.first_signal)

    def _clusters(self, share: FloatArray, seed: int, raised: date | None) -> list[Finding]:
        """Findings of the scan inside the area, on the mornings around its signal."""
        import numpy as np

        from commonweal.core.signals import completeness, within
        from commonweal.core.signals.life import Finding
        from commonweal.core.signals.publications import weekdays
        from commonweal.core.signals.replay import SCAN

        plan = self.own["scan"]
        if (read := self._small) is None:
            return []
        small, daily, known_to = read
        weekday = weekdays(self.start, daily.shape[1])
        cube = completeness.thinned(daily, share, weekday, np.random.default_rng(seed))
        out = []
        first, last = plan["first"], plan["last"]
        if raised is not None:
            first, last = raised - timedelta(days=plan["before"]), raised + timedelta(days=plan["after"])
        first = max(first, self.start + timedelta(days=plan["history_days"]))
        last = min(last, known_to + timedelta(days=1), self.own["last"])
        for morning in range((first - self.start).days, (last - self.start).days + 1):
            days = slice(morning + 1 - plan["history_days"], morning + 1)
            seen = completeness.as_seen(cube, morning)[:, days]
            told = completeness.by_age(share, weekday, morning)[days]
            cluster = within.strongest(
                seen,
                told,
                small,
                self.area,
                longest=plan["longest_days"],
                radius_km=plan["radius_km"],
                replicates=plan["replicates"],
                seed=plan["seed"],
            )
            if cluster is None or cluster.p_value > plan["alpha"]:
                continue
            names = ", ".join(small.names[int(member)] for member in cluster.members[:6])
            areas = f"{len(cluster.members)} small area{'s' if len(cluster.members) > 1 else ''}"
            expected = f"{cluster.expected:.0f}" if cluster.expected >= FEW else f"{cluster.expected:.1f}"
            text = (
                f"{areas} in the {cluster.direction} ({names}): {cluster.cases:.0f} cases "
                f"where {expected} are expected, p {cluster.p_value:.2g}"
            )
            scope = frozenset([self.area, *(small.authority[int(member)] for member in cluster.members)])
            strength, rate = cluster.cases / cluster.expected, 0.0
            out.append(Finding(morning, cluster.direction, "msoa", SCAN, scope, strength, rate, text))
        return out

    @cached_property
    def _small(self) -> tuple[Small, IntArray, date] | None:
        """Small areas of the place and of its neighbours, their weekly counts dealt out over days, and the last day of
        the weeks; None where the folder has no small area of the place."""
        import numpy as np
        import polars as pl

        from commonweal.core.formats.indicators.cells import numbers
        from commonweal.core.signals import within

        plan = self.own["small_areas"]
        needed = ("lad19cd", "msoa11cd", "msoa11hclnm", "bng_e_popw", "bng_n_popw", "pop2020")
        points = read_csv(self.directory / plan["points"], *needed)
        points = points.with_columns(pl.col("lad19cd").replace(self._counted_under()))
        label = str(self.directory / plan["points"])
        points = points.with_columns(numbers(points, each, label) for each in ("bng_e_popw", "bng_n_popw", "pop2020"))
        points = points.drop_nulls(["bng_e_popw", "bng_n_popw", "pop2020"])  # without a point or residents: nowhere
        where = points.select("bng_e_popw", "bng_n_popw").to_numpy()
        own = (points["lad19cd"] == self.area).to_numpy()
        if not own.any():
            return None
        near = np.zeros(points.height, dtype=bool)
        for point in where[own]:
            near |= np.hypot(*(where - point).T) <= self.own["neighbours_km"] * within.METRES
        authorities = set(points["lad19cd"].to_numpy()[near]) & set(self.areas)
        chosen = (
            points.with_columns(near=pl.lit(1)).filter(pl.col("lad19cd").is_in(sorted(authorities))).sort("msoa11cd")
        )
        weekly, weeks = read_weeks(self.directory / plan["table"], plan["first_week_ends"])
        joined = chosen.join(weekly, on="msoa11cd", how="left", maintain_order="left")
        counts = joined.select(pl.col(weeks).fill_null(0)).to_numpy()
        small = within.Small(
            chosen["msoa11cd"].to_list(), chosen["msoa11hclnm"].to_list(), chosen["lad19cd"].to_list(),
            chosen["pop2020"].to_numpy(), chosen.select("bng_e_popw", "bng_n_popw").to_numpy(),
        )  # fmt: skip
        known_to = plan["first_week_ends"] + timedelta(days=7 * (len(weeks) - 1))
        return small, self._dealt_out(small, counts, plan["first_week_ends"]), known_to

    def _counted_under(self) -> dict[str, str]:
        """Areas without a series of their own, whose cases are in another's: the City of London in Hackney."""
        merged = self.plan["merged"] | self.plan.get("successors", {})
        return {
            part: code for code, parts in merged.items() for part in parts
            if code in self.areas and part not in self.areas
        }  # fmt: skip

    def _dealt_out(self, small: Small, weekly: IntArray, first_sunday: date) -> IntArray:
        import numpy as np

        from commonweal.core.signals import within

        skipped = -(-((self.start - first_sunday).days + 6) // 7)  # whole weeks before the first day of the series
        monday = (first_sunday - self.start).days - 6 + 7 * skipped
        weeks = min(weekly.shape[1] - skipped, (self.final.shape[1] - monday) // 7)
        out = np.zeros((len(small.codes), self.final.shape[1]), dtype=np.int64)
        rng = np.random.default_rng(self.own["scan"]["seed"])
        span = slice(monday, monday + 7 * weeks)
        for code in sorted(set(small.authority)):
            rows = np.array([authority == code for authority in small.authority])
            daily = self.final[self.areas.index(code), span].astype(np.float64)
            out[rows, span] = within.spread_over_days(weekly[rows, skipped : skipped + weeks], daily, rng)
        return out

    def _not_seen(self, tier: str) -> list[tuple[date, str]]:
        """At the end of each week before the switch: what was public of the 7 days, and what came out later. Of weeks
        before the first publication it says that there was none."""
        out = []
        place = self.triangle.areas.index(tier)
        last = self.triangle.counts[-1, place]
        switch = self.plan["triangles"]["utla"]["one_definition_from"]
        first = self.triangle.start + timedelta(days=self.triangle.on[0])
        if first > self.own["first"]:
            out.append((self.own["first"], f"nothing was published before {first}: mornings before it are not told"))
        day = max(first, self.own["first"])
        day += timedelta(days=-day.weekday() % 7)  # the next Monday
        while day < switch:
            morning = (day - self.triangle.start).days
            week = slice(morning - 7, morning)
            public, in_the_end = int(self.triangle.seen(morning)[place, week].sum()), int(last[week].sum())
            sunday = day - timedelta(days=1)
            text = (
                f"of the 7 days to {sunday} the public figures held {public} cases; {in_the_end} were known in the end"
            )
            out.append((day, text))
            day += timedelta(days=7)
        return out

    def _against_nation(self) -> tuple[date | None, list[dict[str, Any]]]:
        import numpy as np

        from commonweal.core.signals.replay import PER, above_nation
        from commonweal.core.signals.rises import weekly

        if self.nation is None:
            return None, []
        people = self.people.of([self.area, self.own["nation"]])
        rates = weekly(np.stack([self.final[self.number], self.nation])) / people[:, None] * PER
        first = (self.own["first"] - self.start).days
        return above_nation(
            rates[0], rates[1], self.start, self.own["peers_times"], first, (self._decided() - self.start).days
        )

    def _scenarios(self) -> list[dict[str, Any]]:
        from commonweal.core.signals.replay import scenarios

        sums = []
        for name in ("baseline", "after"):
            first, last = ((day - self.start).days for day in self.own["scenarios"][name])
            sums.append(float(self.final[self.number, first : last + 1].sum()))
        return scenarios(sums[0], sums[1], self.own["published_positivity"].get(self.area, []))

    def _upper(self) -> str:
        """The upper-tier authority of a district."""
        table = read_csv(self.directory / self.plan["small_areas"], "lad19cd", "utla19cd")
        found: pl.Series = table.filter(table["lad19cd"] == self.area)["utla19cd"]
        if found.is_empty() or found[0] not in self.triangle.areas:
            raise NotThere(f"No publications of {self.area} or of the authority above it are in {self.directory}.")
        return str(found[0])

    def _period(self) -> tuple[date, date]:
        return self.own["first"], self.own["last"]

    def _decided(self) -> date:
        decided: date = self.own["decided"]
        return decided

    def _day(self, morning: int) -> date:
        return self.start + timedelta(days=morning)


def _require_period(table: pl.DataFrame, path: Path, own: dict[str, Any]) -> None:
    """Raise `NotThere` where the series does not hold the days that are told."""
    first, last = table["specimen_date"].min(), table["specimen_date"].max()
    if not isinstance(first, date) or not isinstance(last, date):
        raise NotThere(f"{path} holds no day.")
    if first > own["first"] or last < own["last"]:
        raise NotThere(
            f"{path} runs from {first} to {last}; a replay tells {own['first']} to {own['last']}. Other days are set "
            "in parameters/signals/replay.yaml."
        )


def _text(day: date | None) -> str | None:
    return None if day is None else str(day)


def _latest(days: Iterable[str | None]) -> str | None:
    """The latest of some days, None when one is missing."""
    given = list(days)
    return max(day for day in given if day) if all(given) else None


def _times(value: float | None) -> str:
    return "no case in the nation" if value is None else f"{value:.1f} times"


def as_text(document: dict[str, Any]) -> str:
    """The log of both worlds."""
    titles = {"public": "What the public figures showed", "all_pillars": "All results together"}
    lines = [f"Replay of {document['area']}, rule version {document['rule_version']}"]
    for name, title in titles.items():
        world = document["worlds"][name]
        lines += ["", f"{title}: first signal {world['first_signal'] or 'none'}"]
        lines += [f"  {event['day']}  {event['text']}" for event in world["events"]]
    world = document["worlds"]["all_pillars"]
    lines += ["", "By seed and delay"]
    for each in world["by_seed"]:
        lines.append(
            f"  delays x {each['delays_times']}, seed {each['seed']}: signal {each['first_signal']}, part named "
            f"{each['first_part_named']} {each['part'] or ''}"
        )
    lines.append(f"Delays twice as long: first signal {world['first_signal_delays_twice_as_long']}")
    if world["levelled_days"]:
        days = ", ".join(f"{day} set to {cases} cases" for day, cases in world["levelled_days"].items())
        lines.append(f"With {days}: first signal {world['first_signal_levelled']}")
    lines.append(f"Small areas by day are {world['small_areas_by_day']}")
    since = world["three_times_the_nation_since"] or ("no day seen" if world["history"] else NO_NATION)
    lines.append(f"First at three times the nation's rate on {since}")
    lines += [
        f"  {each['day']}  {each['rate']:6.1f} per 100,000, nation {each['nation']:5.1f}, {_times(each['times'])}"
        for each in world["history"]
    ]
    if not world["scenarios"]:
        return "\n".join([*lines, "", NO_SCENARIOS])
    lines += [
        "",
        "Scenarios are assumptions: negatives by area were not published, so the split cannot be told from these data",
    ]
    for each in world["scenarios"]:
        lines.append(
            f"  {each['scenario']:<13} tests x {each['tests_times']:.2f}, positivity "
            f"{each['positivity_before_percent']:.1f} % -> {each['positivity_after_percent']:.1f} % "
            f"({each['denominator']})" + ("" if each["possible"] else ", which cannot be")
        )
    return "\n".join(lines)
