"""The social layer for programs: what files say of a place and the small areas in it, each with its day and source."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from commonweal.apps.access.queries import seats_of
from commonweal.apps.intake.pull_api import REFUSALS
from commonweal.apps.surveillance import api, social, why_reads
from commonweal.core.access.permissions import may
from commonweal.core.errors import NotAllowed

router = Router(tags=["surveillance"])


class Statement(Schema):
    """One statement about an area. `value` as the file has it: a share lies between 0 and 1. `date` is the day that it
    speaks of. `attribute` is null where it comes from the files of places and registers."""

    area_code: str
    area: str
    attribute: str | None
    label: str
    kind: str | None
    value: str
    source: str
    date: str | None


class SocialLayer(Schema):
    """What is known of a place: the newest day of each attribute of the place itself and of the areas in it."""

    code: str
    name: str
    level: str
    items: list[Statement]


@router.get("/places/{code}/social", auth=api.AUTH, response={200: SocialLayer, **REFUSALS})
def layer(request: HttpRequest, code: str) -> HttpResponse:
    """Languages, households, ages, work, care homes, schools, places of worship, test sites with their opening times,
    the local calendar, residents and deprivation: what stands beside the cases on the page of the place."""
    actor = api.actor(request)
    seat = next((each for each in seats_of(actor.person_id) if each.office_id == actor.office_id), None)
    allowed = may(seat, "read_counts", "see what is known of a place")
    if not allowed:
        raise NotAllowed(allowed.sentence)
    where = why_reads.where(code)
    said, from_places = social.layer(where)
    defined = social.attributes()
    items = [_statement(row, defined.get(row["attribute"])) for row in said]
    items += [
        {"area_code": where.code, "area": where.name, "attribute": None, "label": row["label"], "kind": None,
         "value": str(row["value"]), "source": row["source"], "date": _day(row["dated"])}
        for row in from_places
    ]  # fmt: skip
    body = {"code": where.code, "name": where.name, "level": where.level, "items": items}
    return api.answer(request, SocialLayer.model_validate(body))


def _statement(row: dict[str, Any], attribute: Any) -> dict[str, Any]:
    return {
        **{name: row[name] for name in ("area_code", "area", "attribute", "source")}, "value": str(row["value"]),
        "label": attribute.label if attribute else row["attribute"], "kind": attribute.kind if attribute else None,
        "date": _day(row["dated"]),
    }  # fmt: skip


def _day(dated: Any) -> str | None:
    """A day as ISO 8601; an edition of a register as it calls itself."""
    return None if dated is None else dated.isoformat() if isinstance(dated, date) else str(dated)
