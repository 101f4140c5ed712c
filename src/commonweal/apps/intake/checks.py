"""What must hold of intake: the balance closes, and counts and cases are what the records say."""

from __future__ import annotations

from commonweal.apps.access import configuration
from commonweal.apps.intake import erasing
from commonweal.web import db
from commonweal.web.checks import Check


def _balance() -> list[str]:
    rows = db.rows(
        "app",
        "select s.feed, sum(s.declared) as received, sum(t.n) as accounted from intake.submission s"
        " left join (select submission_id, sum(n) as n from intake.tally group by 1) t on t.submission_id = s.id"
        " group by 1 having sum(s.declared) is distinct from coalesce(sum(t.n), 0)",
    )
    return [f"feed {r['feed']}: {r['received']} records received, {r['accounted']} accounted for" for r in rows]


def _outcomes() -> list[str]:
    rows = db.rows(
        "app",
        "select submission_id, outcome, o.n as stored, t.n as tallied from"
        " (select submission_id, outcome, count(*) as n from intake.outcome group by 1, 2) o"
        " full join intake.tally t using (submission_id, outcome) where o.n is distinct from t.n limit 20",
    )
    return [
        f"submission {r['submission_id']}, {r['outcome']}: {r['stored'] or 0} stored, {r['tallied'] or 0} tallied"
        for r in rows
    ]


def _waiting() -> list[str]:
    row = db.one(
        "app",
        "select (select coalesce(sum(n), 0) from intake.tally where outcome = 'pending') as pending,"
        " (select count(*) from intake.orphan) as orphans",
    )
    if row is None or row["pending"] == row["orphans"]:
        return []
    return [f"{row['pending']} records are pending but {row['orphans']} are in the queue of those without a place"]


NEWEST = """
select r.scope_ltla, r.lsoa_code, r.specimen_date, r.pillar, r.test_type, r.result, count(*) as n
  from record.result r
 where not exists (select from record.record_key k where k.feed_number = r.feed_number
                    and k.record_hash = r.record_hash and k.revision > r.revision)
 group by 1, 2, 3, 4, 5, 6
"""


def _counts() -> list[str]:
    rows = db.rows(
        "backup",
        f"with records as ({NEWEST}), counted as ("  # noqa: S608 - no value from outside
        " select scope_ltla, lsoa_code, specimen_day as specimen_date, pillar, test_type, result, sum(n) as n"
        "   from counts.delta where result <> 'case' group by 1, 2, 3, 4, 5, 6 having sum(n) <> 0)"
        " select lsoa_code, specimen_date, result, r.n as records, c.n as counted from records r"
        " full join counted c using (scope_ltla, lsoa_code, specimen_date, pillar, test_type, result)"
        " where r.n is distinct from c.n limit 20",
    )
    return [
        f"{r['lsoa_code']} {r['specimen_date']} {r['result']}: {r['records'] or 0} records, {r['counted'] or 0} counted"
        for r in rows
    ]


def _cases() -> list[str]:
    rows = db.rows(
        "backup",
        "with standing as (select distinct on (case_id) * from record.case_version order by case_id, version desc),"
        " cases as (select lsoa_code, episode_start as day, count(*) as n from standing where not withdrawn"
        "   group by 1, 2),"
        " counted as (select lsoa_code, specimen_day as day, sum(n) as n from counts.delta where result = 'case'"
        "   group by 1, 2 having sum(n) <> 0)"
        " select lsoa_code, day, a.n as cases, c.n as counted from cases a full join counted c using (lsoa_code, day)"
        " where a.n is distinct from c.n limit 20",
    )
    return [f"{r['lsoa_code']} {r['day']}: {r['cases'] or 0} cases, {r['counted'] or 0} counted" for r in rows]


GRACE_DAYS = 2  # the nightly run may have been missed once
OLD_KEYS = """
select count(*) from identity.sealed s join record.record_key k using (result_id) join ledger.tick t on t.id = k.tick_id
 where s.wrapped_key is not null and t.known_at < commonweal.now() - make_interval(days => %s)
"""
OLD_HELD = "select count(*) from intake.held where drop_after < commonweal.now() - make_interval(days => %s)"


def _kept_too_long(data: str, sql: str, what: str) -> list[str]:
    days = next(rule.days for rule in configuration.schedule().rules if rule.data == data)
    count = db.value("backup", sql, [days + GRACE_DAYS])
    return [f"{count} {what} are kept too long: commonweal retention run"] if count else []


def _old_keys() -> list[str]:
    return _kept_too_long("line_list_record", OLD_KEYS, "keys of identifiable fields")


def _old_held() -> list[str]:
    return _kept_too_long("held_record", OLD_HELD, "copies of records that were not taken")


def _undone() -> list[str]:
    lost, open_again = erasing.missing_from_the_list(), len(erasing.undone())
    found = []
    if open_again:
        found.append(
            f"{open_again} sealed copies that were erased open again, since an older database was put back: "
            "commonweal erase --again"
        )
    if lost:
        found.append(
            f"{lost} erased copies of the register are not in the list of erasures beside the keys: put keys/erased "
            "back from where keys are kept, or a restored backup would open them"
        )
    return found


CHECKS = (
    Check("every record received has one outcome", "conservation", _balance),
    Check("every record without a place is in the queue", "conservation", _waiting),
    Check("copies of records not taken are dropped in time", "place-scoped access", _old_held),
    Check("what a person had erased stays erased", "place-scoped access", _undone),
    Check("identifiable fields open no longer than their rule says", "place-scoped access", _old_keys, thorough=True),
    Check("outcomes and tallies agree", "conservation", _outcomes, thorough=True),
    Check("counts of results are what the records say", "traceability", _counts, thorough=True),
    Check("counts of cases are what the cases say", "traceability", _cases, thorough=True),
)
