"""What intake gives the desk: pages of places, records of one person on purpose, a number to watch, clocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from commonweal.apps.access.scope import Actor, scoped_read
from commonweal.apps.desk import brief, search
from commonweal.apps.desk.own import Measure, register_measure
from commonweal.apps.desk.search import Asked, Hit, register_people, register_place_page
from commonweal.apps.desk.waiting import Open, Running, Who, register, register_running
from commonweal.apps.intake import area, page_settings, rulebook
from commonweal.apps.intake.pages.area_figures import last_complete_day
from commonweal.apps.places import queries as places
from commonweal.core import wording
from commonweal.core.intake.asking import identifiers_of
from commonweal.core.places import codes
from commonweal.web import db, times

WEEK = 7
WHOLE_PLACES = ("ltla", "utla", "region", "country")
PERSON = """
select r.id, r.specimen_date, r.test_type, r.result, r.scope_ltla, r.msoa_code from record.result r
 where r.person_id = any (%s::uuid[])
   and r.scope_ltla = any (%s)
 order by r.specimen_date desc, r.id desc limit 20
"""
ORPHANS = """
select f.office_id, f.office, count(*) as n, min(w.due_at) as due_at, min(t.known_at) as since
  from intake.orphan w left join ledger.tick t on t.id = w.tick_id
  join intake.feed d on d.name = w.feed
  join lateral (select o.id as office_id, o.title as office from access.office o
                 where o.organisation_id = d.owner_id and o.id = any (%s) and 'manage_feeds' = any (o.permissions)
                 order by o.id limit 1) f on true
 where not exists (select from intake.orphan_end e
                    where (e.submission_id, e.row_number) = (w.submission_id, w.row_number))
 group by 1, 2
"""
NEIGHBOURS = "select distinct neighbour from places.neighbour where code = any (%s) and level = 'ltla'"
REASONS = """
select q.number, q.feed, q.day, q.asked_at, q.due_at, h.name as holder, f.office_id, f.office,
       q.office_id = any (%(offices)s) as ours
  from intake.delay_question q join access.organisation h on h.id = q.holder_id
  left join lateral (select o.id as office_id, o.title as office from access.office o
                      where o.organisation_id = q.holder_id and o.id = any (%(offices)s)
                        and 'explain_delay' = any (o.permissions) order by o.id limit 1) f on true
 where not exists (select from intake.delay_answer a where a.question = q.number)
   and (f.office_id is not null or q.office_id = any (%(offices)s))
"""


def place_page(kind: str, code: str, authority: str) -> str:
    """*My area* for a place: itself where it is an authority or more, else the authority it lies in."""
    return f"/my-area?place={code if kind in WHOLE_PLACES else authority}"


def people(asked: Asked) -> list[Hit]:
    """Results of the person with an NHS number, within the office's scope; the asking is entered before it is read.

    Raises `Refused` for a number whose check digit is wrong, `NotAllowed` where office, purpose or agreement lack.
    """
    met = identifiers_of(
        rulebook.key_ring().persons, nhs_number=asked.text.replace(" ", "") or "0", name=None, born=None, postcode=None
    )
    with scoped_read(asked.actor, query="look for a person", filters={"by": "nhs_number"}, data_class="L3") as scope:
        sql = "select intake.persons_met(%s::smallint[], %s::bytea[]) as ids"
        ids = db.fetch(scope.cursor, sql, [[kind for kind, _ in met], [digest for _, digest in met]])[0]["ids"]
        rows = scope.rows(PERSON, [ids or [], list(scope.codes)])
    names = places.names([row["msoa_code"] or row["scope_ltla"] for row in rows])
    return [
        Hit(
            f"{wording.upper_first(row['result'])}, {row['test_type']}, {wording.day_and_year(row['specimen_date'])}",
            place_page("ltla", row["scope_ltla"], row["scope_ltla"]),
            names.get(row["msoa_code"] or row["scope_ltla"], row["scope_ltla"]),
        )
        for row in rows
    ]


@dataclass(frozen=True)
class Week:
    """People who tested positive in the seven newest complete days, up to `last`, of so many residents."""

    count: int
    residents: int
    last: date

    @property
    def rate(self) -> float:
        """Per 100,000 residents."""
        return 100_000 * self.count / self.residents


def seven_day_rate(actor: Actor, code: str) -> float | None:
    """People who tested positive per 100,000 residents over the seven newest complete days; None without residents."""
    week = newest_week(actor, code)
    return None if week is None else week.rate


def newest_week(actor: Actor, code: str) -> Week | None:
    """The seven newest complete days of a place; None where nobody is known to live there."""
    level = codes.level_of(code)
    if level is None:
        return None
    small = places.areas_in(code, "lsoa") if level != "lsoa" else []
    inside = {each.code for each in small} or {code}
    residents = places.denominators([code], level=level).get(code)
    if residents is None or not residents.n:
        return None
    now = db.freeze()
    last = last_complete_day(times.local(now).date(), page_settings.reading())
    with scoped_read(
        actor, query="a number that is watched", filters={"place": code}, as_of=now, data_class="L1"
    ) as scope:
        window = area.Window(scope.codes, last - timedelta(days=WEEK - 1), last, now)
        rows = area.small_area_counts(scope, window)
    count = sum(row["n"] for row in rows if row["result"] == "case" and row["lsoa_code"] in inside)
    return Week(int(count), residents.n, last)


def page_of_place(code: str) -> str:
    """The address of the page of a place, whichever room gives it."""
    return search.place_page(codes.level_of(code) or "", code, _authority(code))


def brief_of_area(actor: Actor) -> list[str]:
    """The seven-day rate of each authority that an office answers for."""
    mine = _authorities(actor)
    names = places.names(mine)
    return [_rate_sentence(names.get(code, code), newest_week(actor, code)) for code in mine]


def brief_of_neighbours(actor: Actor) -> list[str]:
    """The authorities that border on those of an office, and whether their numbers can be read here."""
    mine = _authorities(actor)
    around = sorted({row["neighbour"] for row in db.rows("app", NEIGHBOURS, [mine])} - set(mine))
    names = places.names(around)
    if not around:
        return ["No borders are loaded, so neighbours cannot be named."]
    listed = wording.joined([names.get(code, code) for code in around])
    return [f"They are {listed}. Their figures open by agreement with them."]


def orphans(who: Who) -> list[Open]:
    """Records without a place that wait for the office that answers for their feed."""
    return [
        Open(
            f"intake.orphans:{row['office_id']}", row["office_id"], row["office"],
            f"{wording.counted(row['n'], 'record has', 'records have')} no place", "/orphans", row["since"] or who.now,
            row["due_at"], kind="intake.orphans",
        )
        for row in db.rows("app", ORPHANS, [list(who.offices)])
    ]  # fmt: skip


def reasons(who: Who) -> list[Open]:
    """Reasons for delays that these offices' organisations owe."""
    return [
        Open(
            f"intake.reason:{row['number']}", row["office_id"], row["office"],
            f"Say why results of {row['feed']} were late on {wording.day(row['day'])}",
            f"/late?to={row['day']}#question-{row['number']}", row["asked_at"], row["due_at"], kind="intake.reason",
        )
        for row in db.rows("app", REASONS, {"offices": list(who.offices)}) if row["office_id"]
    ]  # fmt: skip


def reasons_of_others(who: Who) -> list[Running]:
    """Reasons for delays that these offices asked of others."""
    return [
        Running(
            f"intake.reason:{row['number']}", f"Why results of {row['feed']} were late on {wording.day(row['day'])}",
            f"/late?to={row['day']}#question-{row['number']}", row["holder"], row["due_at"],
        )
        for row in db.rows("app", REASONS, {"offices": list(who.offices)}) if row["ours"] and not row["office_id"]
    ]  # fmt: skip


def register_all() -> None:
    """Called once at start-up."""
    register_place_page(place_page)
    register_people("intake", people)
    register_measure(Measure("seven_day_rate", "The seven-day rate", seven_day_rate, page_of_place))
    brief.register("intake.area", "Your area", brief_of_area, "/my-area")
    brief.register("intake.neighbours", "Your neighbours", brief_of_neighbours)
    register("intake.orphans", orphans)
    register("intake.reasons", reasons)
    register_running("intake.reasons", reasons_of_others)


def _authority(code: str) -> str:
    row = db.one("app", "select scope_code from places.lsoa_scope where %s in (lsoa_code, msoa_code) limit 1", [code])
    return str(row["scope_code"]) if row else code


def _authorities(actor: Actor) -> list[str]:
    codes_of = "select unnest(desk.codes_of(%s, %s)) as code order by 1"
    return [row["code"] for row in db.rows("app", codes_of, [actor.office_id, actor.person_id])]


def _rate_sentence(name: str, week: Week | None) -> str:
    if week is None:
        return f"How many people live in {name} is not known, so no rate is given."
    return (
        f"{name}: {wording.rate(week.rate)} people per 100,000 residents tested positive in the seven days to"
        f" {wording.day(week.last)}, {wording.thousands(week.count)} of {wording.thousands(week.residents)}."
    )
