"""Reads of the desk: notices and their receipts, what waits, who is on duty."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from commonweal.apps.desk.waiting import Open, Running, Who
from commonweal.web import db

NOTICES = """
select n.id, t.office_id, o.title as office, n.subject, n.link, n.kind, n.severity, n.acknowledge_by, n.told_at,
       coalesce(mine.as_office, t.office_id) as as_office, coalesce(mine.capacity, 'holder') as capacity
  from (select t.notice_id, t.office_id from desk.told t where t.office_id = any (%(offices)s)
         union select r.notice_id, r.office_id from desk.reached r
                where r.person_id = %(person)s::uuid and r.as_office = any (%(offices)s)) t
  join desk.notice n on n.id = t.notice_id join access.office o on o.id = t.office_id
  left join lateral (
    select r.as_office, r.capacity from desk.reached r
     where r.notice_id = t.notice_id and r.office_id = t.office_id and r.person_id = %(person)s::uuid
       and not t.office_id = any (%(offices)s) order by r.id desc limit 1) mine on true
 where n.severity < 3
   and not exists (select from desk.receipt a where a.notice_id = t.notice_id and a.office_id = t.office_id
                     and a.state in ('acknowledged', 'recalled'))
"""
AGREEMENTS = """
select s.id, s.title, o.id as office_id, o.title as office, a.offered_at
  from access.agreement_state s join access.agreement a on a.id = s.id
  join access.office o on o.organisation_id = any (s.parties)
 where o.id = any (%s) and 'accept_agreement' = any (o.permissions) and s.state = 'offered'
   and not o.organisation_id = any (s.accepted)
   and not exists (select from access.agreement_end e where e.agreement_id = s.id)
 order by s.id, o.id
"""
# A question runs as itself: it stays when its notice has been acknowledged.
TOLD_BY_US = """
select n.id, n.subject, n.acknowledge_by, o.title as office, t.office_id
  from desk.notice n join desk.told t on t.notice_id = n.id join access.office o on o.id = t.office_id
 where n.by_office = any (%(offices)s) and n.severity < 3 and n.kind <> 'desk.question'
   and not t.office_id = any (%(offices)s)
   and not exists (select from desk.receipt a where a.notice_id = t.notice_id and a.office_id = t.office_id
                     and a.state in ('acknowledged', 'recalled'))
"""
AGREEMENTS_OF_OTHERS = """
select s.id, s.title, array(select g.name from access.organisation g
         where g.id = any (s.parties) and not g.id = any (s.accepted) order by 1) as owners
  from access.agreement_state s
 where s.state = 'offered' and s.parties && %(ours)s::text[] and s.accepted && %(ours)s::text[]
   and not exists (select from access.agreement_end e where e.agreement_id = s.id)
"""
# what several offices of one person were told in one moment is one piece of news; what somebody else has acknowledged
# since is news of that, and not told twice
SINCE = """
select * from (
  select distinct on (n.id) n.id, t.office_id, o.title as office, n.subject, n.told_at as at, n.severity, n.link,
         n.kind, null as person, null as capacity
    from desk.told t join desk.notice n on n.id = t.notice_id join access.office o on o.id = t.office_id
   where t.office_id = any (%(offices)s) and n.told_at > %(since)s::timestamptz
     and not exists (select from desk.receipt x where x.notice_id = t.notice_id and x.office_id = t.office_id
                       and (x.state = 'recalled' or x.state = 'acknowledged' and x.at > %(since)s::timestamptz
                            and x.person_id is distinct from %(person)s::uuid))
   order by n.id, t.office_id) told
union all
select n.id, r.office_id, o.title, n.subject, r.at, n.severity, n.link, n.kind, p.name, r.capacity
  from desk.receipt r join desk.notice n on n.id = r.notice_id join access.office o on o.id = r.office_id
  join access.person p on p.id = r.person_id
 where r.state = 'acknowledged' and r.office_id = any (%(offices)s) and r.at > %(since)s::timestamptz
   and r.person_id is distinct from %(person)s::uuid
 order by at desc limit %(limit)s
"""
ON_DUTY = """
select d.organisation_id, g.name as organisation, r.name as rota, d.ends_at, p.name as person, f.phone, d.person_id,
       m.name as missing
  from desk.on_duty(%s, commonweal.now()) d join access.organisation g on g.id = d.organisation_id
  join desk.rota r on r.id = d.rota_id
  left join access.person p on p.id = d.person_id left join desk.phone_now f on f.person_id = d.person_id
  left join access.person m on m.id = d.absent_id
 order by g.name
"""
ON_PAPER = """
select p.name as person, f.title as office, n.severity, n.acknowledge_by, o.queued_at
  from desk.outbox o join desk.notice n on n.id = o.notice_id join access.office f on f.id = o.office_id
  join access.person p on p.id = o.person_id
 where o.way = 'print' and f.organisation_id = any (%s)
   and not exists (select from desk.receipt r where r.notice_id = o.notice_id and r.office_id = o.office_id
                     and r.state in ('acknowledged', 'recalled'))
 order by n.severity, n.acknowledge_by nulls last, p.name
"""
TOLD_TO = """
select t.office_id, o.title,
       (select r.state from desk.receipt r where r.notice_id = t.notice_id and r.office_id = t.office_id
         order by array_position(array['acknowledged', 'recalled', 'opened', 'delivered', 'sent', 'failed'], r.state)
         limit 1) as state
  from desk.told t join access.office o on o.id = t.office_id where t.notice_id = %s order by o.title, t.office_id
"""
RECEIPTS = """
select r.state, r.way, p.name as person, o.title as as_office, r.capacity, r.words, r.at
  from desk.receipt r left join access.person p on p.id = r.person_id left join access.office o on o.id = r.as_office
 where r.notice_id = %s and r.office_id = %s order by r.at, r.id
"""


def open_notices(who: Who) -> list[Open]:
    """Notices that nobody has acknowledged yet: told to these offices, or turned over to the person."""
    rows = db.rows("app", NOTICES, {"offices": list(who.offices), "person": who.person_id})
    return [
        Open(
            f"notice:{row['id']}:{row['office_id']}", row["office_id"], row["office"], row["subject"],
            f"/told/{row['id']}/{row['office_id']}", row["told_at"], row["acknowledge_by"], row["severity"],
            row["kind"], row["id"], row["as_office"], row["capacity"],
        )
        for row in rows
    ]  # fmt: skip


def open_agreements(who: Who) -> list[Open]:
    """Agreements that wait to be accepted by these offices' organisations."""
    return [
        Open(
            f"agreement:{row['id']}", row["office_id"], row["office"], f"Accept or refuse: {row['title']}",
            f"/agreements/{row['id']}/", row["offered_at"], kind="access.agreement",
        )
        for row in db.rows("app", AGREEMENTS, [list(who.offices)])
    ]  # fmt: skip


def running_notices(who: Who) -> list[Running]:
    """Notices these offices told that others have not acknowledged."""
    return [
        Running(
            f"notice:{row['id']}:{row['office_id']}", row["subject"], f"/told/{row['id']}/{row['office_id']}",
            row["office"], row["acknowledge_by"],
        )
        for row in db.rows("app", TOLD_BY_US, {"offices": list(who.offices)})
    ]  # fmt: skip


def running_agreements(who: Who) -> list[Running]:
    """Agreements that these offices' organisations accepted and others have not."""
    return [
        Running(
            f"agreement:{row['id']}", row["title"], f"/agreements/{row['id']}/", " and ".join(row["owners"])
        )
        for row in db.rows("app", AGREEMENTS_OF_OTHERS, {"ours": organisations_of(who.offices)})
    ]  # fmt: skip


def organisations_of(offices: Sequence[str]) -> list[str]:
    """The organisations these offices belong to, by id."""
    rows = db.rows(
        "app",
        "select distinct organisation_id as id from access.office where id = any (%s) order by 1",
        [list(offices)],
    )
    return [row["id"] for row in rows]


def since(who: Who, instant: datetime, limit: int = 30) -> list[dict[str, Any]]:
    """What these offices were told, and what others acknowledged for them, newest first."""
    return db.rows(
        "app", SINCE, {"offices": list(who.offices), "person": who.person_id, "since": instant, "limit": limit}
    )


def on_duty(organisations: Sequence[str]) -> list[dict[str, Any]]:
    """For each organisation that goes by a rota: who is on duty now (person None: a hole; `missing` is
    down for it and has left, or is away), their phone, until when."""
    return db.rows("app", ON_DUTY, [list(organisations)])


def notice(notice_id: UUID, office: str) -> dict[str, Any] | None:
    """One notice as told to one office, or None."""
    return db.one(
        "app",
        "select n.*, t.office_id, o.title as office, b.title as teller from desk.told t"
        " join desk.notice n on n.id = t.notice_id join access.office o on o.id = t.office_id"
        " left join access.office b on b.id = n.by_office where t.notice_id = %s and t.office_id = %s",
        [notice_id, office],
    )


def message(number: int) -> dict[str, Any] | None:
    """Which notice a message that left was about: notice_id and office_id; or None."""
    if number >= 2**63:
        return None
    return db.one("app", "select notice_id, office_id from desk.outbox where id = %s", [number])


def told_to(notice_id: UUID) -> list[dict[str, Any]]:
    """The offices that were told a notice in one moment, by title: office_id, title, and how it stands (state)."""
    return db.rows("app", TOLD_TO, [notice_id])


def receipts(notice_id: UUID, office: str) -> list[dict[str, Any]]:
    """Everything that happened to a notice of an office, oldest first."""
    return db.rows("app", RECEIPTS, [notice_id, office])


def acting_as(person: UUID, notice_id: UUID, office: str, held: Sequence[str]) -> str | None:
    """The office as which a person answers a notice: the one that was told, or the one a step turned to; or None."""
    if office in held:
        return office
    found = db.one(
        "app",
        "select as_office from desk.reached where notice_id = %s and office_id = %s and person_id = %s"
        " and as_office = any (%s) order by id desc limit 1",
        [notice_id, office, person, list(held)],
    )
    return found["as_office"] if found else None


def on_paper(organisations: Sequence[str]) -> list[dict[str, Any]]:
    """Messages that no other way carries, for people in these organisations' offices, not acknowledged yet."""
    return db.rows("app", ON_PAPER, [list(organisations)])
