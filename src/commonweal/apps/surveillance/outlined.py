"""Figures with the outlines that they belong to, as GeoJSON (degrees)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.http import HttpResponse

from commonweal.apps.places import queries as places
from commonweal.core.pictures import PictureTable
from commonweal.core.places.codes import level_of

TYPE = "application/geo+json"


def feature(properties: dict[str, Any], geometry: dict[str, Any] | None) -> dict[str, Any]:
    """One thing with its outline; None where no outline is loaded."""
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def collection(features: Sequence[dict[str, Any]], as_of: datetime, **beside: Any) -> str:
    """Features as text; their moment and what else is said of all of them stands beside."""
    body = {"type": "FeatureCollection", "as_of": as_of, **beside, "features": list(features)}
    return json.dumps(body, default=plain)


def plain(value: Any) -> Any:
    """Dates and times as ISO text. Raises `TypeError` for what JSON cannot carry."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"{value!r} cannot stand in an answer.")


def of_map(table: PictureTable, name: str, as_of: datetime, agreements: Sequence[str]) -> HttpResponse:
    """The areas of a map by their codes (the last column of its table), with the numbers that the page shows."""
    headings = [column.heading for column in table.columns]
    codes = [str(row[-1]) for row in table.rows]
    found = places.outlines(codes, (level_of(codes[0]) if codes else None) or "ltla")
    features = [
        feature(dict(zip(headings, row, strict=True)), found.get(code))
        for code, row in zip(codes, table.rows, strict=True)
    ]
    beside = {"title": table.caption, "shared_under": list(agreements)}
    response = HttpResponse(collection(features, as_of, **beside), content_type=TYPE)
    response["Content-Disposition"] = f'attachment; filename="{name}.geojson"'
    response["Cache-Control"] = "private, no-store"
    return response
