"""`GET /api/v1/signals/7/evidence`: one signal's whole evidence, with its checksum."""

from __future__ import annotations

import base64
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Path, Router

from commonweal.apps.intake.pull_api import REFUSALS
from commonweal.apps.surveillance import api, evidence
from commonweal.apps.surveillance.known_schemas import Number
from commonweal.web import times

router = Router(tags=["surveillance"])


@router.get("/signals/{number}/evidence", auth=api.AUTH, response={200: Any, **REFUSALS})
def evidence_of_signal(request: HttpRequest, number: Path[Number], as_of: str = "") -> HttpResponse:
    """Everything known of a signal at an instant, as canonical JSON: what was found and on what data, figures by day,
    why, notes by who may read them, hypotheses, judgements, versions. The same instant gives the same bytes to every
    office that reads the same places; `Repr-Digest` is their checksum. Entered in the access record as an export."""
    moment = api.at(as_of)
    given = evidence.of_signal(api.exporter(request), number, moment)
    response = HttpResponse(given.evidence.body, content_type="application/json")
    digest = base64.b64encode(bytes.fromhex(given.evidence.sha256)).decode()
    response["Repr-Digest"] = f"sha-256=:{digest}:"
    name = f"signal-{number}-evidence-{times.link_form(moment).replace(':', '')}.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return api.tagged(request, response)
