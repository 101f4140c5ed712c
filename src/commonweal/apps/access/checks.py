"""What must hold of access: every read is entered for an office that could make it, every authority has its offices,
agreements are the texts that were accepted, and retention has been carried out."""

from __future__ import annotations

from django.conf import settings

from commonweal.apps.access import configuration
from commonweal.apps.access.authorities import NATIONAL_BODY
from commonweal.core.access.agreements import document_hash
from commonweal.core.access.roles import AUTHORITY_KINDS, office_id
from commonweal.web import db
from commonweal.web.checks import Check

GOVERNING = sorted(set(AUTHORITY_KINDS.values()))
GRACE_DAYS = 2  # the nightly run may have been missed once


def _texts() -> list[str]:
    return [
        f"agreement {row['id']}: its text is not the one its fingerprint was made of"
        for row in db.rows("app", "select id, document, document_hash from access.agreement")
        if document_hash(row["document"]) != bytes(row["document_hash"])
    ]


def _offices() -> list[str]:
    first = configuration.roles().from_the_first_day
    there = {row["id"] for row in db.rows("app", "select id from access.office")}
    governing = db.rows("app", "select area_code, kind from access.organisation where kind = any (%s)", [GOVERNING])
    wanted = [office_id(role, row["area_code"]) for row in governing for role in first[row["kind"]]]
    missing = [office for office in wanted if office not in there]
    return [f"office {office} does not exist: make it with `commonweal users authorities`" for office in missing]


def _agreements() -> list[str]:
    rows = db.rows(
        "app",
        "select o.area_code from access.organisation o where o.kind = any (%s)"
        " and exists (select from access.organisation n where n.id = %s)"
        " and not exists (select from access.agreement_state s"
        " where s.place_code = o.area_code and s.state in ('offered', 'in_force')) order by 1",
        [GOVERNING, NATIONAL_BODY],
    )
    return [
        f"no agreement for {row['area_code']} is offered or in force: commonweal agreements offer {row['area_code']}"
        for row in rows
    ]


def _factor() -> list[str]:
    return [] if settings.SECOND_FACTOR_REQUIRED else ["the second factor is switched off in this space"]


def _kept_too_long() -> list[str]:
    found: list[str] = []
    days = {rule.data: rule.days for rule in configuration.schedule().rules}
    for data, sql in OLD.items():
        count = db.value("backup" if data == "access_record" else "authn", sql, [days[data] + GRACE_DAYS])
        if count:
            found.append(f"{count} of {data.replace('_', ' ')} are kept too long: commonweal retention run")
    return found


OLD = {
    "access_record": "select count(*) from access.read_record where at < commonweal.now() - make_interval(days => %s)",
    "expired_session": "select count(*) from authn.session"
    " where expires_at < commonweal.now() - make_interval(days => %s)",
    "expired_invitation": "select count(*) from authn.invitation"
    " where least(expires_at, used_at) < commonweal.now() - make_interval(days => %s)",
}
CHECKS = (
    Check("every agreement is the text it was accepted as", "place-scoped access", _texts),
    Check("every authority has the offices of the first day", "parity", _offices),
    Check("every authority has an agreement ready or in force", "parity", _agreements),
    Check("a second factor is required", "place-scoped access", _factor),
    Check("nothing is kept longer than its rule says", "place-scoped access", _kept_too_long),
)
