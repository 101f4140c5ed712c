"""Entries of the public log, written in the same transaction as the facts they tell of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from commonweal.web import db


def append(
    write: db.Recorded,
    kind: str,
    subject: str,
    *,
    places: Sequence[str] = (),
    office: str | None = None,
    **body: Any,
) -> UUID:
    """Append an entry of `kind` ("access.appointed") about `subject` (an id).

    `body` holds ids, codes, times and reasons, never personal data. Returns the entry's id.
    """
    found = db.fetch(
        write.cursor,
        "select ledger.append(%s, %s, %s::text[], %s, %s::jsonb) as id",
        [kind, subject, list(places), office, json.dumps(body, default=str)],
    )
    return UUID(str(found[0]["id"]))
