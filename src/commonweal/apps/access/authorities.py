"""Offices that stand from the day an authority's area is loaded: vacant, served, and listed as vacant until held."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from commonweal.apps.access import actions, agreements, configuration
from commonweal.core.access.roles import authority_kind, office_id
from commonweal.web import db

NATION = "E92000001"
NATIONAL_BODY = "national-health-protection"
NATIONAL_NAME = "National health protection"


@dataclass
class Made:
    """What a bootstrap added; everything else was there already."""

    organisations: list[str] = field(default_factory=list)
    offices: list[str] = field(default_factory=list)
    agreements: list[str] = field(default_factory=list)


def organisation_id(code: str) -> str:
    """The short name of the authority that governs a place."""
    return f"authority-{code.lower()}"


def ensure(authorities: Mapping[str, str], regions: Mapping[str, str] | None = None) -> Made:
    """Make what is missing for authorities (code -> name) and regions (code -> name): the national body with an office
    for each region, each authority's organisation and offices, and an agreement ready to accept.

    Calling it again adds nothing. Raises `Refused` for a code that no authority governs.
    """
    kinds = {code: authority_kind(code) for code in authorities}
    made = Made()
    have_organisations, have_offices = _ids("organisation"), _ids("office")
    with db.recorded("authn") as write:
        if NATIONAL_BODY not in have_organisations:
            actions.insert_organisation(write, NATIONAL_BODY, NATIONAL_NAME, "national_body", None)
            made.organisations.append(NATIONAL_BODY)
        wanted = list(_offices("national_body", NATIONAL_BODY, NATIONAL_NAME, NATION))
        for code, name in sorted((regions or {}).items()):
            wanted += _offices("regional_team", NATIONAL_BODY, name, code)
        for code, name in sorted(authorities.items()):
            organisation = organisation_id(code)
            if organisation not in have_organisations:
                actions.insert_organisation(write, organisation, name, kinds[code], code)
                made.organisations.append(organisation)
            wanted += _offices(kinds[code], organisation, name, code)
        for office in wanted:
            if office.id not in have_offices:
                actions.insert_office(write, office)
                made.offices.append(office.id)
    made.agreements += agreements.offer_missing(sorted(authorities))
    return made


def vacant() -> list[str]:
    """Offices that nobody holds now (a deputy alone leaves an office vacant)."""
    found = db.rows(
        "authn",
        "select o.id from access.office o where not exists (select from access.current_appointment c"
        " where c.office_id = o.id and c.capacity = 'holder') order by 1",
    )
    return [row["id"] for row in found]


def _offices(kind: str, organisation: str, name: str, code: str) -> Iterable[actions.Office]:
    known = configuration.roles()
    for role_name in known.from_the_first_day[kind]:
        role = known.role(role_name)
        yield actions.Office(
            id=office_id(role.name, code),
            organisation_id=organisation,
            title=f"{role.label}, {name}",
            permissions=role.permissions,
            purposes=role.purposes,
            places=(code,),
        )


def _ids(table: str) -> set[str]:
    statements = {"organisation": "select id from access.organisation", "office": "select id from access.office"}
    return {row["id"] for row in db.rows("authn", statements[table])}
