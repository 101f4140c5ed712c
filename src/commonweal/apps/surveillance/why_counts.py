"""Why a place is rising, for an office that reads counts there and no records: read in scope, no person in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np

from commonweal.apps.access.scope import Actor, Scope, scoped_read
from commonweal.apps.intake import kept
from commonweal.apps.places import queries as places
from commonweal.apps.surveillance import counted, why_explaining
from commonweal.apps.surveillance.why_cases import SEX_WORDS, age_order, delay_words, said
from commonweal.apps.surveillance.why_explaining import Explained, Worked
from commonweal.apps.surveillance.why_reads import Where
from commonweal.core.errors import NotAllowed, NotThere
from commonweal.core.signals import why_data as data
from commonweal.core.signals.why import Why, not_comparable
from commonweal.core.signals.why_counts import Group, explain_counts
from commonweal.core.signals.why_windows import Windows
from commonweal.web import db

QUERY = "why it is rising, from counts"
FIELDS = ("Small area", "Pillar", "Days from swab until known")
CELLS = """
select d.scope_ltla, d.lsoa_code, d.specimen_day as day, d.pillar,
       (t.known_at at time zone 'Europe/London')::date as known, sum(d.n)::integer as n
  from counts.delta d join ledger.tick t on t.id = d.tick_id
 where d.scope_ltla = any (%(codes)s) and d.specimen_day between %(first)s and %(last)s and t.known_at <= %(as_of)s
   and d.result = 'case' and d.test_type <> 'antibody'
   and (%(small)s::text[] is null or d.lsoa_code = any (%(small)s::text[]))
 group by 1, 2, 3, 4, 5 having sum(d.n) <> 0
 order by 1, 2, 3, 4, 5
"""
# Tests that found nothing are added up in the database: there are many, and only their window and place are asked for.
EFFORT = """
with dated as (
  select d.scope_ltla, d.lsoa_code, d.n,
         case when %(by_report)s then (t.known_at at time zone 'Europe/London')::date else d.specimen_day end as day
    from counts.delta d join ledger.tick t on t.id = d.tick_id
   where d.scope_ltla = any (%(codes)s) and d.specimen_day between %(first)s and %(last)s and t.known_at <= %(as_of)s
     and d.result = 'negative' and d.test_type <> 'antibody'
     and (%(small)s::text[] is null or d.lsoa_code = any (%(small)s::text[]))
)
select scope_ltla, case when %(by_small)s then lsoa_code else '' end as lsoa_code,
       (day >= %(after_first)s)::int as "window", sum(n)::integer as n
  from dated where day between %(after_first)s and %(last)s or day between %(against_first)s and %(against)s
 group by 1, 2, 3 having sum(n) > 0 order by 1, 2, 3
"""
AGES = """
select d.specimen_day as day, d.age_band, d.sex, sum(d.n)::integer as n
  from counts.delta_age d join ledger.tick t on t.id = d.tick_id
 where d.scope_ltla = any (%(codes)s) and d.specimen_day between %(first)s and %(last)s and t.known_at <= %(as_of)s
   and d.result = 'case'
 group by 1, 2, 3 having sum(d.n) > 0 order by 1, 2, 3
"""
WHO_READS = """
select distinct o.title from access.office o
  join access.mandate m on m.office_id = o.id join places.scope_cover c on c.code = m.place_code
  join access.organisation g on g.id = o.organisation_id
 where 'read_records' = any (o.permissions) and c.scope_code = any (%s) and g.kind <> 'national_body'
   and exists (select from access.current_appointment a where a.office_id = o.id)
 order by 1
"""
MOST_NAMED = 3
ONE_CELL = ("scope_ltla", "lsoa_code", "day", "pillar")


@dataclass(frozen=True)
class Cell:
    """Cases of one small area, day, pillar and day of becoming known; at least one."""

    authority: str
    small: str
    day: date
    pillar: str
    known: date
    n: int


@dataclass(frozen=True)
class Counted:
    """What was read: cases, tests that found nothing (scope_ltla, lsoa_code, window, n), cases by age and sex."""

    cells: list[Cell]
    effort: list[dict[str, Any]]
    ages: list[dict[str, Any]]


def explained(
    actor: Actor, where: Where, span: Windows, as_of: datetime, *, by_report: bool = False, exported: bool = False
) -> Explained:
    """Explain the change of a place from counts, as known at an instant; the same for whoever reads its counts.

    by_report: days are those on which a test became known. Raises `NotThere` for a place that the office does not read
    whole.
    """
    asked = {"place": where.code, "last": span.last, "days": span.days, "against": span.against}
    try:
        with scoped_read(
            actor, query=QUERY, filters=asked, as_of=as_of, places=list(where.authorities), data_class="L1",
            exported=exported,
        ) as scope:  # fmt: skip
            if set(scope.codes) != set(where.authorities):
                raise NotAllowed(f"{where.name} reaches beyond them")
            key = (kept.space_of(scope), QUERY, where, span, as_of, by_report)
            if (known := why_explaining.answers.get(key)) is not None:
                scope.counted += known.read
                return known.found
            found = _read(scope, where, span, as_of, by_report=by_report)
            is_frozen = kept.is_frozen(scope, as_of)
    except NotAllowed as refused:
        reason = str(refused).rstrip(".")
        raise NotThere(f"{where.name} is not among the places whose counts your office reads: {reason}.") from refused
    windows = [span.window_of(cell.known if by_report else cell.day) for cell in found.cells]
    heard = why_explaining.heard_of({each for each in windows if each is not None}, found.effort)
    why = _why(found, where, span, by_report=by_report)
    if why is not None and not heard[0]:
        why = not_comparable(why)
    answer = Explained(where, span, as_of, why, False, scope.agreements, from_counts=True, heard=heard)
    if is_frozen:
        why_explaining.answers.put(key, Worked(answer, scope.counted), 1)
    return answer


def who_reads_records(where: Where) -> str:
    """In words which offices of the place read its records: posts, no persons."""
    titles = [row["title"] for row in db.rows("app", WHO_READS, [list(where.authorities)])]
    if not titles:
        return "no office of this place that reads records is held by anybody now"
    named, more = titles[:MOST_NAMED], len(titles) - MOST_NAMED
    return f"{', '.join(named)}{f' and {more} more' if more > 0 else ''}"


def sentence(where: Where, reason: str) -> str:
    """What counts cannot tell, why this office reads no records here, and who does."""
    return (
        "Workplaces, schools and care homes in common, households, arrivals and the reason for a test are not in "
        f"counts; they take single records. {reason} They are read by: {who_reads_records(where)}."
    )


def _read(scope: Scope, where: Where, span: Windows, as_of: datetime, *, by_report: bool) -> Counted:
    first = span.earliest if by_report else span.against_first  # what is reported late lies before the windows
    asked: dict[str, Any] = {
        "codes": list(scope.codes), "first": first, "last": span.last, "as_of": as_of,
        "small": _small(where), "by_report": by_report, "by_small": where.stratum != "scope_ltla",
        "after_first": span.first, "against_first": span.against_first, "against": span.against,
    }  # fmt: skip
    ages = [] if where.column else scope.rows(AGES, asked)
    return Counted(netted(scope.rows(CELLS, asked)), scope.rows(EFFORT, asked), ages)


def _small(where: Where) -> list[str] | None:
    """The small areas that a place is made of; None for whole authorities."""
    if not where.column:
        return None
    if where.column == "lsoa_code":
        return list(where.values)
    ground = counted.geography()
    return [code for code, msoa in zip(ground.codes, ground.parents["msoa"], strict=True) if msoa in where.values]


def netted(rows: Sequence[Mapping[str, Any]]) -> list[Cell]:
    """Changes of one cell added up over the days on which they became known: what was taken away later takes from the
    newest first, so that the days until known are those of what is left."""
    out: list[Cell] = []
    cells: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        cells.setdefault(tuple(row[name] for name in ONE_CELL), []).append(row)
    for key, changes in cells.items():
        left = sum(change["n"] for change in changes)
        for change in sorted(changes, key=lambda each: each["known"]):
            taken = min(max(change["n"], 0), left)
            if taken > 0:
                authority, small, day, pillar = key
                out.append(Cell(authority, small, day, pillar, change["known"], taken))
                left -= taken
    return out


def _why(counts: Counted, where: Where, span: Windows, *, by_report: bool) -> Why | None:
    """The explanation, None without a case in the later window."""
    ground, rules = counted.geography(), why_explaining.setting()
    msoa = dict(zip(ground.codes, ground.parents["msoa"], strict=True))

    def stratum_of(small: str, authority: str) -> str:
        return {"lsoa_code": small, "msoa_code": msoa.get(small) or small}.get(where.stratum, authority)

    placed = [stratum_of(cell.small, cell.authority) for cell in counts.cells]
    tested = [stratum_of(row["lsoa_code"], row["scope_ltla"]) for row in counts.effort]
    number = {name: at for at, name in enumerate(sorted({*placed, *tested}))}
    tests = np.zeros((2, len(number)))
    for stratum, row in zip(tested, counts.effort, strict=True):
        tests[row["window"], number[stratum]] += row["n"]
    groups = _groups(counts.cells, [number[stratum] for stratum in placed], msoa, span, by_report=by_report)
    if not any(group.window == data.AFTER for group in groups):
        return None
    both = data.Tested(tests[0], tests[1], np.zeros(len(number), dtype=np.int64)) if tests.sum(axis=1).all() else None
    seed = [span.last.toordinal(), span.days, span.against.toordinal(), *where.code.encode()]
    setting = why_explaining.affordable(rules, sum(group.n for group in groups))
    more = [] if by_report else _by_age_and_sex(counts.ages, span)
    return explain_counts(groups, FIELDS, more, both, setting, np.random.default_rng(seed))


def _groups(
    cells: Sequence[Cell], strata: Sequence[int], msoa: Mapping[str, str], span: Windows, *, by_report: bool
) -> list[Group]:
    """Cases of the two windows with small area, pillar and days until known; in the order in which values are shown."""
    names = places.names(sorted({code for cell in cells if (code := msoa.get(cell.small))}))
    late_days = why_explaining.setting().late_days
    out = []
    for cell, stratum in zip(cells, strata, strict=True):
        window = span.window_of(cell.known if by_report else cell.day)
        if window in (data.BEFORE, data.AFTER):
            area, delay = msoa.get(cell.small) or "", (cell.known - cell.day).days
            values = (names.get(area, area) or None, said(cell.pillar), delay_words(delay))
            out.append(Group(window, cell.n, values, stratum, by_report and delay >= late_days))
    return sorted(out, key=lambda group: (group.values[2] or "", group.values[0] or ""))


def _by_age_and_sex(ages: Sequence[Mapping[str, Any]], span: Windows) -> list[tuple[tuple[str, ...], list[Group]]]:
    """Counted by whole authority only, on days of swab."""
    placed = [(row, window) for row in ages if (window := span.window_of(row["day"])) in (data.BEFORE, data.AFTER)]
    by_age = sorted(placed, key=lambda each: age_order(each[0]["age_band"]))
    return [
        (("Age",), [Group(window, row["n"], (said(row["age_band"]),)) for row, window in by_age]),
        (("Sex",), [Group(window, row["n"], (SEX_WORDS.get(row["sex"]),)) for row, window in placed]),
    ]
