"""Lists of people and offices for those who look after them."""

from __future__ import annotations

from typing import Any

from commonweal.web import db

PEOPLE = """
select a.email, p.name, p.id as person_id, a.last_login as last_sign_in,
       exists (select from authn.mfa_authenticator m
                where m.user_id = a.id and m.type <> 'recovery_codes') as second_factor,
       (select count(*) from authn.session s where s.user_id = a.id and s.expires_at > clock_timestamp()) as sessions,
       coalesce((select jsonb_agg(jsonb_build_object('office', c.office_id, 'capacity', c.capacity, 'until', c.ends_at)
                                  order by c.office_id, c.capacity)
                   from access.current_appointment c where c.person_id = p.id), '[]') as offices
  from authn.account a join access.person p on p.id = a.person_id
 order by a.email
"""
OFFICES = """
select o.id, o.title, o.organisation_id as organisation,
       array(select m.place_code from access.mandate m where m.office_id = o.id order by 1) as places,
       coalesce((select jsonb_agg(jsonb_build_object('person', p.name, 'capacity', c.capacity)
                                  order by c.capacity desc, p.name)
                   from access.current_appointment c join access.person p on p.id = c.person_id
                  where c.office_id = o.id), '[]') as held_by
  from access.office o order by o.id
"""


def everybody() -> list[dict[str, Any]]:
    """People with an account: name, offices held now, whether a second factor is set, open sessions."""
    return db.rows("authn", PEOPLE)


def offices() -> list[dict[str, Any]]:
    """Offices with places and the people in them now; an empty `held_by` is a vacant office."""
    return db.rows("authn", OFFICES)


def person_line(row: dict[str, Any]) -> str:
    """One person for a terminal."""
    held = ", ".join(o["office"] + (" (deputy)" if o["capacity"] == "deputy" else "") for o in row["offices"])
    factor = "second factor set" if row["second_factor"] else "no second factor yet"
    return f"{row['email']}  {row['name']}  {held or 'no office'}  {factor}"


def office_line(row: dict[str, Any]) -> str:
    """One office for a terminal."""
    people = ", ".join(h["person"] + (" (deputy)" if h["capacity"] == "deputy" else "") for h in row["held_by"])
    return f"{row['id']}  {row['title']}  {people or 'VACANT'}"
