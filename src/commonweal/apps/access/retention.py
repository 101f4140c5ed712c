"""Ends what has been kept long enough: one function of the role `cw_retention`, one ledger entry for each kind."""

from __future__ import annotations

import json
from typing import Any

from django.db import Error

from commonweal.apps.access import configuration
from commonweal.apps.access.scope import refusal
from commonweal.core.access.retention import Schedule
from commonweal.web import db


def run(schedule: Schedule | None = None) -> list[dict[str, Any]]:
    """Carry out a schedule (the standard one by default) in one transaction.

    Returns for each rule: rule, data, before (aware), ended (None where no room keeps such data) and fingerprint.
    Raises `NotAllowed` with the database's sentence when a rule would end something too early; nothing is ended then.
    """
    rules = [{"id": r.id, "data": r.data, "days": r.days} for r in (schedule or configuration.schedule()).rules]
    try:
        with db.recorded("retention") as write:
            return db.fetch(write.cursor, "select * from access.run_retention(%s::jsonb)", [json.dumps(rules)])
    except Error as error:
        raise refusal(error) from error
