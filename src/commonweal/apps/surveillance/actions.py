"""All writes of surveillance."""

from __future__ import annotations

import hashlib
import io
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from commonweal.apps.places import queries as places
from commonweal.apps.surveillance import queries
from commonweal.apps.surveillance.definitions import metrics, sources
from commonweal.core.errors import NotThere, Refused
from commonweal.core.formats.indicators.recognise import read_series
from commonweal.core.formats.indicators.values import Outcome, Reading, outcome
from commonweal.core.places.codes import is_level, level_of
from commonweal.web import db

ATTRIBUTION = "Contains public sector information licensed under the Open Government Licence v3.0."
PEOPLE = "people"  # the unit of metrics that count everybody once
TRIANGLE = "triangle"  # the layout of files with every publication
SERIES_LOCK = 4311  # one load at a time: the staging table has one writer
STAGED = ("place_code", "metric", "day", "published", "low", "high", "denominator", "source")

CLASH = """
select s.place_code, s.metric, s.day, s.published, v.low as was, s.low as now, d.label
  from surveillance.value_staging s
  join surveillance.value v using (metric, place_code, source, day, published)
  join surveillance.dataset d on d.id = v.dataset_id
 where (v.low, v.high) is distinct from (s.low, s.high) order by 3, 1 limit 1
"""
# A file of many publications steps aside where a file that is loaded speaks for one of its days: what it says there
# holds from its own next publication on, unless that says something itself.
STEP_ASIDE = """
with aside as (
  delete from surveillance.value_staging s using surveillance.value v
   where (v.metric, v.place_code, v.source, v.day, v.published)
         = (s.metric, s.place_code, s.source, s.day, s.published)
     and (v.low, v.high) is distinct from (s.low, s.high)
  returning s.*
),
later as (
  select a.place_code, a.metric, a.day,
         (select min(p.day) from unnest(%(published)s::date[]) p (day) where p.day > a.published) as published,
         a.low, a.high, a.denominator, a.source
    from aside a
),
back as (
  insert into surveillance.value_staging
  select l.* from later l
   where l.published is not null
     and not exists (select from surveillance.value_staging s where (s.metric, s.place_code, s.day, s.published)
                       = (l.metric, l.place_code, l.day, l.published))
)
select a.place_code as place, a.day from aside a order by a.published, a.day, a.place_code
"""
TAKE = """
insert into surveillance.value (place_code, metric, day, published, low, high, denominator, source, dataset_id, tick_id)
select place_code, metric, day, published, low, high, denominator, source, %s::bigint, %s::bigint
  from surveillance.value_staging on conflict do nothing
"""
ENTER = """
insert into surveillance.dataset (sha256, label, layout, title, first_published, last_published, row_count, new_count,
  outcomes, attribution, source, publications, tick_id)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s, %s, %s) returning id
"""
# For which places and series a file speaks, also where it says nothing new.
SPEAK_FOR = """
insert into surveillance.coverage (dataset_id, metric, place_code, source, tick_id)
select %s, metric, place_code, source, %s
  from surveillance.value_staging group by metric, place_code, source
"""
NEW = """
select count(*) from surveillance.value_staging s
 where not exists (select from surveillance.value v where (v.metric, v.place_code, v.source, v.day, v.published)
                     = (s.metric, s.place_code, s.source, s.day, s.published))
"""


@dataclass(frozen=True)
class Loaded:
    """What became of a file of series: values read, values that were new, and what was found by name."""

    label: str
    layout: str
    title: str
    source: str
    rows: int
    new: int
    outcomes: dict[str, str]
    replayed: bool
    seconds: float
    attribution: str = ATTRIBUTION

    def as_dict(self) -> dict[str, object]:
        """The same by name, for answers as JSON."""
        return asdict(self)


def load_series(paths: Sequence[Path], *, published: date | None = None, source: str | None = None) -> list[Loaded]:
    """Load files of series, each whole or not at all; the same bytes again change nothing.

    published: the day of publication where neither a column nor the file's name states it. source: who says it, where
    that is another than the file's form tells. Areas that are not among
    the loaded places are left out under `unknown_area` (while no places are loaded, every code of the right form is
    taken). Raises `Refused` and `NotThere`.
    """
    return [_load(path, published, source) for path in paths]


def _load(path: Path, published: date | None, named: str | None) -> Loaded:
    began = time.monotonic()
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NotThere(f"{path}: {error.strerror}. Check the name of the file.") from error
    digest = hashlib.sha256(data).digest()
    if came_before := queries.dataset_of(digest):
        return _replayed(path.name, came_before, named)
    reading = read_series(data, path.name, metrics(), today=queries.today(), published=published)
    reading = _of_living_people(_of_known_places(reading, path.name), path.name)
    source = sources().of_file(reading.layout, path.name, named)
    with db.recorded("ingest") as write:
        write.cursor.execute("select pg_advisory_xact_lock(%s)", [SERIES_LOCK])
        if came_before := queries.dataset_of(digest):  # somebody else loaded these bytes while this one waited
            return _replayed(path.name, came_before, named)
        reading, new = _write(reading, path.name, source, digest, write)
    seconds = round(time.monotonic() - began, 3)
    return Loaded(
        path.name, reading.layout, reading.title, source, reading.frame.height, new, _sentences(reading), False, seconds
    )


def _replayed(label: str, before: dict[str, Any], named: str | None) -> Loaded:
    """What is said of a file whose bytes are there. Raises `Refused` where it was given to another source."""
    if named is not None and named != before["source"]:
        raise Refused(
            f"{label} was loaded before as the source {before['source']}, not {named[:70]!r}: a file has one source. "
            "Leave --source out, or load a file that the other source published."
        )
    return Loaded(label, before["layout"], before["title"], before["source"], before["row_count"], 0,
                  before["outcomes"], True, 0.0)  # fmt: skip


def _of_known_places(reading: Reading, label: str) -> Reading:
    """Leave out the areas that the loaded places do not have."""
    known = queries.place_codes()
    if not known:
        return reading
    strange = reading.frame.filter(~pl.col("place").is_in(known))
    if wards := [code for code in strange["place"].unique() if is_level(code, "ward")]:
        known += queries.wards_of_postcodes(wards)
        strange = reading.frame.filter(~pl.col("place").is_in(known))
    if strange.is_empty():
        return reading
    kept = reading.frame.filter(pl.col("place").is_in(known))
    if kept.is_empty():
        raise Refused(
            f"{label}: none of its {strange['place'].n_unique():,} areas is among the loaded places (first "
            f"{strange['place'][0]}). Load the places of this country first: commonweal places load FILE…"
        )
    before = {found.name: found for found in reading.outcomes}
    missing = outcome("unknown_area", strange)
    if "unknown_area" in before:
        earlier = before.pop("unknown_area")
        missing = Outcome("unknown_area", earlier.count + missing.count, earlier.example)
    return Reading(reading.layout, reading.title, kept, (*before.values(), missing))


def _of_living_people(reading: Reading, label: str) -> Reading:
    """Leave out counts of people, each of whom is counted once, that are more than live in the place."""
    once = [metric.id for metric in metrics().all if metric.kind == "count" and metric.unit == PEOPLE]
    by_level: dict[str, list[str]] = {}
    for code in reading.frame.filter(pl.col("metric").is_in(once))["place"].unique():
        by_level.setdefault(level_of(code) or "", []).append(code)
    residents = {
        code: float(each.n)
        for level, codes in by_level.items()
        for code, each in places.denominators(codes, level=level).items()
    }
    living = pl.col("place").replace_strict(residents, default=None, return_dtype=pl.Float64)
    wrong = (pl.col("metric").is_in(once) & (pl.col("low") > living)).fill_null(value=False)
    beyond, kept = reading.frame.filter(wrong), reading.frame.filter(~wrong)
    if beyond.is_empty():
        return reading
    left_out = outcome("above_residents", beyond)
    if kept.is_empty():
        raise Refused(f"{label}: no value is left to load: {left_out.sentence}.")
    return Reading(reading.layout, reading.title, kept, (*reading.outcomes, left_out))


def _sentences(reading: Reading) -> dict[str, str]:
    return {found.name: found.sentence for found in reading.outcomes}


def _write(reading: Reading, label: str, source: str, digest: bytes, write: db.Recorded) -> tuple[Reading, int]:
    """Write a file's values in an open transaction; what was found while writing is added to the reading."""
    frame = reading.frame.rename({"place": "place_code"}).with_columns(source=pl.lit(source)).select(STAGED)
    days = frame["published"].unique().sort().to_list()
    cursor = write.cursor
    cursor.execute("delete from surveillance.value_staging")
    buffer = io.BytesIO()
    frame.write_csv(buffer, include_header=False)
    with cursor.copy(f"copy surveillance.value_staging ({', '.join(STAGED)}) from stdin (format csv)") as copy:
        copy.write(buffer.getbuffer())
    if reading.layout == TRIANGLE:
        reading = _stepped_aside(reading, days, cursor)
    _refuse_clash(label, cursor)
    cursor.execute(NEW)
    new = int(cursor.fetchone()[0])
    about = [digest, label, reading.layout, reading.title, days[0], days[-1], frame.height, new]
    cursor.execute(ENTER, [*about, json.dumps(_sentences(reading)), ATTRIBUTION, source, days, write.tick])
    dataset = int(cursor.fetchone()[0])
    cursor.execute(SPEAK_FOR, [dataset, write.tick])
    cursor.execute(TAKE, [dataset, write.tick])
    cursor.execute("delete from surveillance.value_staging")
    return reading, new


def _stepped_aside(reading: Reading, published: list[date], cursor: Any) -> Reading:
    """The reading with what another file says otherwise of one of its publications; each step goes one further."""
    found: list[dict[str, Any]] = []
    for _ in published:
        aside = db.fetch(cursor, STEP_ASIDE, {"published": published})
        found = found or aside
        if not aside:
            break
    if not found:
        return reading
    other = Outcome("other_vintage", len(found), f"{found[0]['place']} {found[0]['day']}")
    return replace(reading, outcomes=(*reading.outcomes, other))


def _refuse_clash(label: str, cursor: Any) -> None:
    for clash in db.fetch(cursor, CLASH):
        raise Refused(
            f"{label}: two vintages on one day: {clash['metric']} of {clash['place_code']} on {clash['day']}, "
            f"published on {clash['published']}, is {clash['now']:.15g} here and {clash['was']:.15g} in "
            f"{clash['label']}. Give the day of publication with --published."
        )
