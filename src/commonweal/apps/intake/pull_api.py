"""`GET /api/v1/results`: what an office's own systems take, by token or session."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.security import HttpBearer, SessionAuth

from commonweal.apps.access.scope import Actor
from commonweal.apps.intake import pull
from commonweal.core.errors import NotAllowed
from commonweal.web import db

router = Router(tags=["results"])


class Problem(Schema):
    """What went wrong, as application/problem+json."""

    type: str
    title: str
    status: int
    detail: str


class Items(Schema):
    """One page of what became known, oldest first."""

    items: list[dict[str, Any]]
    cursor: str
    more: bool
    as_of: datetime
    agreements: list[str]


class Token(HttpBearer):
    """A token that an office gave to its own systems; `writing` asks for one that may also write."""

    def __init__(self, *, writing: bool = False) -> None:
        super().__init__()
        self.writing = writing

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        found = db.one(
            "authn",
            "select person_id, office_id, purpose, may_write from intake.pull_token"
            " where token_sha256 = %s and ends_at > commonweal.now()",
            [hashlib.sha256(token.encode()).digest()],
        )
        if found is None:
            return None
        if self.writing and not found["may_write"]:
            raise NotAllowed(
                "This token only reads. To write by program make one with: commonweal pull token --may-write"
            )
        return Actor(found["person_id"], found["office_id"], found["purpose"])


class ActingOffice(SessionAuth):
    """Somebody signed in, acting as an office."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Actor | None:
        actor = getattr(request, "actor", None)
        return actor if isinstance(actor, Actor) else None


REFUSALS = dict.fromkeys((400, 401, 403, 404, 422), Problem)


@router.get("/results", auth=[Token(), ActingOffice(csrf=False)], response={200: Items, **REFUSALS})
def results(request: HttpRequest, since: str = "", limit: int = 1000, places: str = "") -> dict[str, Any]:
    """Everything new since a cursor, in the order in which it became known.

    Begin without `since`; then ask with the `cursor` of the last answer. Nothing is ever skipped, and an item may come
    twice: tell items apart by `record` and `version`. `places` narrows by place codes, separated by commas.
    """
    actor: Actor = request.auth  # type: ignore[attr-defined]
    asked = [code for code in places.split(",") if code] or None
    page = pull.take(actor, since, limit=limit, places=asked)
    return {
        "items": page.items,
        "cursor": page.cursor,
        "more": page.more,
        "as_of": page.as_of,
        "agreements": list(page.agreements),
    }
