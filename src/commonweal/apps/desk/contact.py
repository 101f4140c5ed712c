"""How a person is reached outside the pages: their own to read and to set, through the sign-in role alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from commonweal.apps.access.scope import Actor
from commonweal.core.errors import Refused
from commonweal.web import db

FORMS = {
    "email": (re.compile(r"[!-?A-~]+@[!-?A-~]+\.[!-?A-~]+"), "an e-mail address, like name@council.gov.uk"),
    "sms": (re.compile(r"\+?[0-9][0-9 ]{6,20}"), "a telephone number, like +44 7700 900123"),
    "call": (re.compile(r"\+?[0-9][0-9 ]{6,20}"), "a telephone number, like +44 7700 900123"),
    "webhook": (re.compile(r"https://[!-~]{4,290}"), "an address of the web, like https://hooks.council.gov.uk/desk"),
}


@dataclass(frozen=True)
class Contact:
    """A person's addresses by way, their work number, and which ways bounced (way, words)."""

    addresses: dict[str, str]
    phone: str
    bounced: tuple[tuple[str, str], ...]


def of_person(person: UUID) -> Contact:
    """How one person is reached."""
    rows = db.rows(
        "authn", "select way, address, bounced_words from desk.contact_way where person_id = %s order by way", [person]
    )
    phone = db.value("app", "select phone from desk.phone_now where person_id = %s", [person])
    return Contact(
        {row["way"]: row["address"] for row in rows},
        phone or "",
        tuple((row["way"], row["bounced_words"]) for row in rows if row["bounced_words"]),
    )


def set_ways(actor: Actor, addresses: Mapping[str, str]) -> None:
    """Set or (empty) remove one's own ways. An address that bounced is tried again once it is set anew.

    Raises `Refused` for one that has not the form of its way.
    """
    for way, address in addresses.items():
        form, like = FORMS[way]
        if address.strip() and not form.fullmatch(address.strip()):
            raise Refused(f"{address!r} is not {like}.")
    with db.transaction("authn") as cursor:
        for way, address in addresses.items():
            if not address.strip():
                cursor.execute("delete from desk.contact_way where person_id = %s and way = %s", [actor.person_id, way])
                continue
            cursor.execute(
                "insert into desk.contact_way (person_id, way, address) values (%s, %s, %s)"
                " on conflict (person_id, way) do update set address = excluded.address, bounced_at = null,"
                " bounced_words = null",
                [actor.person_id, way, address.strip()],
            )
