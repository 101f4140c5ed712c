"""What an explanation is read from: the cases of a place with what is known of each, and the tests that found nothing.

Records of people, so inside a scope, by a purpose, and entered in the access record. Nothing of a person leaves this
module's callers: households become numbers, addresses are compared and dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commonweal.apps.access.scope import Actor, Scope, scoped_read
from commonweal.apps.intake import area, rulebook
from commonweal.apps.surveillance import place_ground
from commonweal.core.errors import NotThere
from commonweal.core.intake.rows import opened_message
from commonweal.core.intake.sealing import Sealed
from commonweal.core.signals.why_windows import Windows

COLUMNS = {"lsoa": "lsoa_code", "msoa": "msoa_code", "ward": "lsoa_code"}
# strata of testing: small enough to see testing move, large enough to hold tests
STRATA = {"lsoa": "lsoa_code", "cluster": "lsoa_code", "msoa": "lsoa_code", "ward": "lsoa_code", "ltla": "msoa_code"}
PEOPLE = "why it is rising: people"
LOOKED_BACK = 60  # days by which an episode's beginning may be corrected

# What tests are counted by; all columns of all results of a region would be far more to carry.
NARROW = ("feed_number", "record_hash", "revision", "specimen_date", "reported_date", "lsoa_code", "msoa_code",
          "scope_ltla", "symptomatic", "result")  # fmt: skip
# Results of the time in question: none came before the first day it speaks of.
HELD = """
with since as (
  select coalesce((select min(id) from ledger.tick where known_at >= %(earliest)s::date), 0) as tick
), held as (
  select {columns} from record.result r join ledger.tick t on t.id = r.tick_id
   where r.scope_ltla = any (%(codes)s) and r.tick_id >= (select tick from since) and t.known_at <= %(as_of)s
     and r.specimen_date between %(earliest)s and %(last)s and r.test_type <> 'antibody'
     and (%(column)s = '' or (%(column)s = 'lsoa_code' and r.lsoa_code = any (%(values)s))
          or (%(column)s = 'msoa_code' and r.msoa_code = any (%(values)s)))
     and (%(setting)s = '' or r.setting_type || ':' || r.setting_id = %(setting)s)
)
"""
CASES = """
, standing as (
  select distinct on (c.case_id) c.case_id, c.version, c.withdrawn, c.episode_start, c.result_id
    from record.case_version c join ledger.tick t on t.id = c.tick_id
   where c.scope_ltla = any (%(codes)s) and t.known_at <= %(as_of)s
     and c.episode_start between %(earliest)s::date - %(looked_back)s and %(last)s::date + %(looked_back)s
   order by c.case_id, c.version desc
)
select s.episode_start as day, h.reported_date, h.lsoa_code, h.msoa_code, h.scope_ltla, h.postcode, h.age_years,
       h.age_band, h.sex, h.pillar, h.test_route, h.symptomatic, h.setting_type, h.setting_id, h.workplace_postcode
       {sealed}
  from standing s join held h on h.id = s.result_id {join}
 where not s.withdrawn and s.episode_start between %(earliest)s and %(last)s
 order by s.episode_start, s.case_id
"""
SEALED = (", h.record_hash, x.key_id, x.wrapped_key, x.payload", "left join identity.sealed x on x.result_id = h.id")
# The newest revision of each record. Few are revised: only a result whose number is not the first one can have replaced
# another, so that these few are looked for instead of putting all results in order.
EFFORT = """
, replacing as (
  select l.feed_number, l.record_hash, l.revision from held l where l.revision > (select min(m.revision) from held m)
)
, newest as (
  select h.* from held h
   where not exists (select from replacing l
                      where l.feed_number = h.feed_number and l.record_hash = h.record_hash and l.revision > h.revision)
)
, dated as (
  select case when %(by_report)s then reported_date else specimen_date end as day, symptomatic,
         case %(stratum)s when 'lsoa_code' then lsoa_code when 'msoa_code' then msoa_code else scope_ltla end as stratum
    from newest where result = 'negative'
)
select (day >= %(first)s)::int as "window", stratum, symptomatic, count(*) as n
  from dated where day between %(first)s and %(last)s or day between %(against_first)s and %(against)s
 group by 1, 2, 3
"""


# Whether anything at all is known of a window: of a setting few tests that found nothing name it.
HEARD = """
select exists (select from record.result r join ledger.tick t on t.id = r.tick_id
                where r.scope_ltla = any (%(codes)s) and t.known_at <= %(as_of)s
                  and case when %(by_report)s then r.reported_date else r.specimen_date end
                      between %(first)s and %(last)s)
       as heard
"""


@dataclass(frozen=True)
class Where:
    """A place: its name, its authorities, and the column and codes that records are narrowed by (none: whole). Of a
    setting ('workplace:ABC1') the people whose records name it, in those authorities."""

    code: str
    level: str
    name: str
    authorities: tuple[str, ...]
    column: str = ""
    values: tuple[str, ...] = ()
    setting: str = ""

    @property
    def key(self) -> str:
        """By what an explanation of it is kept: two offices that read the same of it find one."""
        return f"{self.setting} {' '.join(self.authorities)}" if self.setting else self.code

    @property
    def stratum(self) -> str:
        """The column of a record that says where it was tested from."""
        return STRATA.get(self.level, "scope_ltla")


@dataclass(frozen=True)
class Read:
    """Rows of cases, tests that found nothing by window, stratum and symptoms; whether addresses were read."""

    cases: list[dict[str, Any]]
    effort: list[dict[str, Any]]
    with_addresses: bool


def where(code: str) -> Where:
    """The place of a code. Raises `NotThere` for a code that is none of the places loaded."""
    ground = place_ground.of_place(code)
    column = COLUMNS.get(ground.level, "")
    # a ward is the small areas that most of its postcodes lie in, here as on its page
    values = (ground.small or ()) if ground.level == "ward" else (code,)
    return Where(
        code, ground.level, ground.name, tuple(sorted(ground.authorities)), column, tuple(values) if column else ()
    )


def cluster(code: str, name: str, authorities: Sequence[str], small: Sequence[str]) -> Where:
    """The small areas of a cluster, under the code of the one in its middle."""
    return Where(code, "cluster", name, tuple(sorted(authorities)), "lsoa_code", tuple(sorted(small)))


def setting(code: str, name: str, authorities: Sequence[str], identity: str) -> Where:
    """The people of a setting who live in some authorities, under the code of the place where most of them do."""
    return Where(code, "setting", name, tuple(sorted(authorities)), setting=identity)


def read(scope: Scope, place: Where, span: Windows, as_of: datetime, *, by_report: bool, addresses: bool) -> Read:
    """Cases from the earliest day and tests of both windows, as known at an instant.

    by_report: tests count on the day they were reported. addresses: open sealed addresses, in a scope of class L3.
    """
    params = {
        "codes": list(scope.codes), "as_of": as_of, "earliest": span.earliest, "last": span.last,
        "column": place.column, "values": list(place.values), "looked_back": LOOKED_BACK, "by_report": by_report,
        "stratum": place.stratum, "setting": place.setting,
        "first": span.first, "against_first": span.against_first, "against": span.against,
    }  # fmt: skip
    extra, join = SEALED if addresses else ("", "")
    cases = scope.rows(HELD.format(columns="r.*") + CASES.format(sealed=extra, join=join), params)
    if addresses:
        _open_addresses(cases)
    narrow = ", ".join(f"r.{name}" for name in NARROW)
    return Read(cases, scope.rows(HELD.format(columns=narrow) + EFFORT, params), addresses)


def heard(scope: Scope, span: Windows, as_of: datetime, *, by_report: bool) -> tuple[bool, bool]:
    """Whether any result of the window before, and of the later one, is known in the authorities of the scope."""
    days = ((span.against_first, span.against), (span.first, span.last))
    asked = {"codes": list(scope.codes), "as_of": as_of, "by_report": by_report}
    before, after = (scope.rows(HEARD, {**asked, "first": one, "last": two})[0]["heard"] for one, two in days)
    return bool(before), bool(after)


def people(actor: Actor, place: Where, span: Windows, as_of: datetime) -> tuple[int, int]:
    """How many tested positive in the window before and in the later one, from counts, as known at an instant.

    Raises `NotThere` for a place that the office does not read whole, as the explanation does.
    """
    days = area.Window(place.authorities, min(span.against_first, span.first), span.last, as_of)
    asked = {"place": place.code, "last": span.last, "days": span.days, "against": span.against}
    with scoped_read(
        actor, query=PEOPLE, filters=asked, as_of=as_of, places=list(place.authorities), data_class="L1"
    ) as scope:
        if set(scope.codes) != set(place.authorities):
            raise NotThere(f"{place.name} is not among the places that your office reads: it reaches beyond them.")
        rows = area.authority_counts(scope, days)
    before = sum(row["n"] for row in rows if span.against_first <= row["day"] <= span.against)
    return before, sum(row["n"] for row in rows if span.first <= row["day"] <= span.last)


def _open_addresses(cases: list[dict[str, Any]]) -> None:
    """Put `address` and `uprn` in place of the sealed message of each row; None where its key was destroyed or there is
    none."""
    line_list = rulebook.line_list()
    openers = {key: rulebook.sealer(key) for key in {row["key_id"] for row in cases} if key is not None}
    for row in cases:
        key_id, wrapped, payload = row.pop("key_id"), row.pop("wrapped_key"), row.pop("payload")
        record_hash = bytes(row.pop("record_hash"))
        row["address"] = row["uprn"] = None
        if payload is not None and wrapped is not None:
            message = openers[key_id].open(Sealed(bytes(wrapped), bytes(payload)), record_hash)
            opened = opened_message(message, line_list)
            row["address"], row["uprn"] = opened.get("address_line"), opened.get("uprn")
