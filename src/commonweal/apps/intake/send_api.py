"""`POST /api/v1/feeds/{feed}/results`: one record, a list, or a CSV, by the feed's token."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime
from typing import IO, Any, cast

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Router, Schema
from ninja.security import HttpBearer

from commonweal.apps.intake import actions, feeds, queries, sources
from commonweal.apps.intake.actions import Receipt
from commonweal.apps.intake.gather import gatherer
from commonweal.apps.intake.preparing import Preparation, Stages
from commonweal.apps.intake.pull_api import Problem
from commonweal.apps.intake.rulebook import rulebook
from commonweal.apps.intake.together import Ready
from commonweal.core.errors import Refused
from commonweal.core.intake.few import Few

router = Router(tags=["results"])
JSON_LIMIT = 16 << 20
SHOWN_RECORDS = 100
LONGEST_KEY = 200
TOLD = ("outcome", "reasons", "notes")


class RecordOutcome(Schema):
    """What became of one record: accepted, duplicate, superseded, rejected or pending, and why."""

    row: int
    outcome: str
    reasons: list[str]
    notes: list[str]


class ReceiptAnswer(Schema):
    """What became of what was sent: received = accepted + duplicate + superseded + rejected + pending."""

    received: int
    accepted: int
    duplicate: int
    superseded: int
    rejected: int
    pending: int
    seconds: float
    submission: int
    feed: str
    replayed: bool
    stages: dict[str, float]
    unknown_columns: list[str]
    absent_columns: list[str]
    records: list[RecordOutcome]


class FeedToken(HttpBearer):
    """The token of the feed in the address."""

    def authenticate(self, request: HttpRequest, token: str) -> feeds.Door | None:
        match = request.resolver_match
        return feeds.remembered_door(token, str(match.kwargs["feed"])) if match else None


REFUSALS = dict.fromkeys((400, 401, 403, 404, 422), Problem)


@router.post("/feeds/{feed}/results", auth=FeedToken(), response={200: ReceiptAnswer, **REFUSALS})
def send_results(request: HttpRequest, feed: str) -> HttpResponse:
    """Take results in.

    The body is one record or a list of records as JSON (field ids as names), or a CSV (Content-Type text/csv, plain or
    gzip). It is durable before the answer. The same bytes again change nothing (`replayed`), and neither does the same
    `Idempotency-Key`. `Held-Since` and `Held-By` say since when, and by whom, the records were held.
    """
    door: feeds.Door = request.auth  # type: ignore[attr-defined]
    provenance = provenance_of(request.headers)
    kind = (request.content_type or "").split(";")[0]
    if kind == "multipart/form-data":
        raise Refused("A form cannot be read here. Nothing was taken: send the file itself as the body, as text/csv.")
    if kind in ("application/json", ""):
        return _answer(_take_json(request, feed, door, provenance))
    with ExitStack() as open_sources:
        source = open_sources.enter_context(sources.from_stream(cast("IO[bytes]", request), provenance))
        return _answer(actions.take_in(feed, source))


def _take_json(request: HttpRequest, feed: str, door: feeds.Door, provenance: sources.Provenance) -> Receipt:
    body = request.read(JSON_LIMIT + 1)
    if len(body) > JSON_LIMIT:
        raise Refused(f"A JSON body may have {JSON_LIMIT} bytes. Nothing was taken: send smaller batches, or a CSV.")
    source = sources.from_body(body, provenance, is_json=True)
    ready = made_ready(source, feed, door)
    return actions.take_in(feed, source) if ready is None else gatherer().take_in(ready)


def made_ready(source: sources.Source, feed: str, door: feeds.Door) -> Ready | None:
    """A JSON body read, checked, hashed and sealed; None when it has more records than are written in groups.

    Raises `Refused` for a body that cannot be read.
    """
    stages = Stages()
    preparation = Preparation(source, rulebook(door.pathogen), feed, door.mapping, door.now, stages)
    pieces = tuple(preparation.pieces())
    few = tuple(piece for piece in pieces if isinstance(piece, Few))
    return Ready(feed, door.pathogen, source, few, preparation.header, stages) if len(few) == len(pieces) else None


def _answer(receipt: Receipt) -> HttpResponse:
    """The answer as it is written; checking our own numbers against the schema would take longer than counting them."""
    return JsonResponse(answer_document(receipt))


def answer_document(receipt: Receipt) -> dict[str, Any]:
    """What a sender is told. Reads the outcomes of its records where the receipt does not bring them."""
    shown = receipt.records
    if shown is None:
        shown = queries.outcomes(receipt.submission, "ingest") if receipt.balance.received <= SHOWN_RECORDS else []
    records = [{"row": row["row_number"], **{name: row[name] for name in TOLD}} for row in shown]
    return {**receipt.as_dict(), "records": records}


def provenance_of(headers: Mapping[str, str]) -> sources.Provenance:
    """What the headers of a request (any letters, or all small ones) state of where it comes from."""
    key = headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        raise Refused(f"An Idempotency-Key has 1 to {LONGEST_KEY} characters; this one has {len(key)}.")
    return sources.Provenance(
        channel="http",
        label=headers.get("content-disposition", "request")[:LONGEST_KEY],
        sent_by=headers.get("user-agent", "")[:LONGEST_KEY] or None,
        held_since=_instant(headers.get("held-since")),
        held_by=headers.get("held-by"),
        idempotency_key=key,
    )


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = datetime.min  # noqa: DTZ901 - has no zone, so it is refused below
    if instant.tzinfo is None:
        raise Refused(f"Held-Since is {text!r}; write an instant with its zone, such as 2020-06-20T09:00:00+01:00.")
    return instant
