"""What surveillance says in a leader's weekly brief: signals that go on; neighbours and places alike, as published.

What neighbours count is theirs to show; what a publisher printed of them is for everybody, and says so with its day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from commonweal.apps.access.scope import Actor, scoped_read
from commonweal.apps.places import queries as places
from commonweal.apps.surveillance import queries, signal_reads, signals
from commonweal.apps.surveillance.pages import signal_words as words
from commonweal.core import wording
from commonweal.core.signals.alike import Traits, most_alike
from commonweal.web import db

METRIC = "cases_by_specimen_date"
WEEK = 7
SETTLING = timedelta(days=4)  # days before a publication that it does not tell whole
ALIKE, SHOWN_SIGNALS = 5, 3
NEIGHBOURS = "select distinct neighbour as code from places.neighbour where code = any (%s) and level = 'ltla'"
NEWEST = """
select max(d.last_published) from surveillance.dataset d where d.source = %(source)s
   and exists (select from surveillance.coverage c where c.dataset_id = d.id and c.metric = %(metric)s)
"""
AUTHORITIES = """
with newest as (
  select distinct on (code, band) code, band, n from places.denominator
   where level = 'ltla' and sex = 'all' and band in ('all', '65+') order by code, band, reference_date desc),
deprived as (
  select s.scope_code as code, avg(d.decile)::double precision as decile
    from (select distinct base_lsoa, scope_code from places.lsoa_scope) s
    join (select distinct on (code) code, decile from places.deprivation where domain = 'imd'
           order by code, index_year desc, dataset_id desc) d on d.code = s.base_lsoa
   group by 1)
select a.code, a.n as residents, o.n as older, d.decile
  from newest a left join newest o on o.code = a.code and o.band = '65+'
  left join deprived d on d.code = a.code where a.band = 'all'
"""


@dataclass(frozen=True)
class Published:
    """Rates per 100,000 of the seven days to `last`, by authority, as one publisher showed them up to `published`."""

    rates: dict[str, float]
    last: date
    published: date


def of_signals(actor: Actor) -> list[str]:
    """How many signals go on in the office's places, and the most urgent ones."""
    with scoped_read(actor, query="weekly brief: signals", data_class="L1") as scope:
        rows = signals.signals(scope, signals.Wanted(states=words.GOING_ON))
        names = signal_reads.names_for(rows)
    rows = [row for row in rows if row["kind"] not in words.EVENTS]
    if not rows:
        return ["No signal goes on."]
    count = wording.counted(len(rows), "signal goes on", "signals go on")
    first = [f"{words.title(row, names)}: {words.STATES[row['state']]}" for row in words.by_urgency(rows)]
    return [f"{count}.", *(f"{line}." for line in first[:SHOWN_SIGNALS])]


def of_neighbours(actor: Actor) -> list[str]:
    """The published rates of the authorities around, and of the places most alike."""
    mine = _authorities(actor)
    around = sorted({row["code"] for row in db.rows("app", NEIGHBOURS, [mine])} - set(mine))
    alike = [code for here in mine[:1] for code in most_alike(here, traits(), ALIKE)]
    found = published([*mine, *around, *alike])
    if found is None:
        return ["No published figures are loaded here, so places like yours cannot be set beside it."]
    names = places.names([*mine, *around, *alike])
    said = [_listed("Here", mine, found, names), _listed("Neighbours", around, found, names)]
    said.append(_listed("Places most like yours in residents, age and deprivation", alike, found, names))
    when = f"People per 100,000 who tested positive in the seven days to {wording.day(found.last)}"
    return [f"{when}, as published by {wording.day(found.published)}.", *(each for each in said if each)]


def published(codes: Sequence[str]) -> Published | None:
    """The newest published week of authorities; None while no such series is loaded. A day that is not known, or known
    as a range only, leaves its authority out."""
    source = queries.common_source(METRIC)  # places are held against each other by one source
    newest: date | None = db.value("app", NEWEST, {"metric": METRIC, "source": source})
    if newest is None or not codes:
        return None
    last = newest - SETTLING
    since = last - timedelta(days=WEEK - 1)
    rows = queries.values(METRIC, sorted(set(codes)), first=since, last=last, source=source)
    days: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        days.setdefault(row["place_code"], []).append(row)
    people = places.denominators(list(days), level="ltla")
    rates = {
        code: 100_000 * sum(row["low"] for row in own) / people[code].n
        for code, own in days.items()
        if len(own) == WEEK and all(row["low"] == row["high"] for row in own) and code in people and people[code].n
    }
    return Published(rates, last, newest) if rates else None


def traits() -> dict[str, Traits]:
    """Residents, mean decile of deprivation and share of people of 65 and over, of every authority."""
    return _traits(places.newest_dataset())


@lru_cache(maxsize=2)
def _traits(_dataset: int) -> dict[str, Traits]:
    return {
        row["code"]: Traits(
            int(row["residents"] or 0),
            row["decile"],
            float(row["older"]) / float(row["residents"]) if row["older"] and row["residents"] else None,
        )
        for row in db.rows("app", AUTHORITIES)
    }


def _listed(heading: str, codes: Sequence[str], found: Published, names: dict[str, str]) -> str:
    known = sorted(((found.rates[code], names.get(code, code)) for code in codes if code in found.rates), reverse=True)
    return f"{heading}: {wording.joined([f'{name} {wording.rate(rate)}' for rate, name in known])}." if known else ""


def _authorities(actor: Actor) -> list[str]:
    codes_of = "select unnest(desk.codes_of(%s, %s)) as code order by 1"
    return [row["code"] for row in db.rows("app", codes_of, [actor.office_id, actor.person_id])]
