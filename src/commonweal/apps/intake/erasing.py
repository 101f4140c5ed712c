"""One person's right to erasure: their data keys are destroyed; results, cases and counts stay."""

from __future__ import annotations

from django.db import Error

from commonweal.apps.access.scope import refusal
from commonweal.apps.access.subjects import Erasure, TestedPerson
from commonweal.apps.intake import tested_people
from commonweal.web import db

ERASE = "select intake.erase_results(%s::bigint[], %s, %s) as erased"


def find(person: TestedPerson) -> int:
    """How many records of a person still open."""
    return len(tested_people.sealed_results(person)[0])


def erase(person: TestedPerson, erasure: Erasure) -> int:
    """Destroy the keys of a person's records; returns how many were destroyed. The ledger says how many and why.

    Raises `NotAllowed` with the database's sentence for an office that does not decide for its organisation, or that
    answers for no place of the person's records.
    """
    results, _ = tested_people.sealed_results(person)
    if not results:
        return 0
    try:
        with db.recorded("retention") as write:
            return int(db.fetch(write.cursor, ERASE, [results, erasure.office, erasure.ground])[0]["erased"])
    except Error as error:
        raise refusal(error) from error
