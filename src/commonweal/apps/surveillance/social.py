"""The social layer: loading files of what is known of small areas, and what stands beside the cases of a place."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import Any

import yaml

from commonweal.apps.places import queries as places
from commonweal.apps.surveillance.why_reads import Where
from commonweal.core.errors import Refused
from commonweal.core.formats.social import Attribute, Reading, attributes_from, read
from commonweal.core.places.settings import KINDS
from commonweal.server import parameters
from commonweal.web import db

OVERALL = "imd"
# The newest file's newest day of each attribute; of one that an area has several of, all of that day.
LAYER = """
select v.area_code, v.attribute, v.value, v.source, v.dated from surveillance.social_value v
 where v.area_code = any (%(codes)s)
   and (v.dated, v.file_id) = (select x.dated, x.file_id from surveillance.social_value x
                                where (x.area_code, x.attribute) = (v.area_code, v.attribute)
                                order by x.dated desc, x.file_id desc limit 1)
 order by v.attribute, v.area_code, v.value
"""
DEPRIVATION = """
select d.code, d.decile, s.attribution from places.deprivation d join places.dataset s on s.id = d.dataset_id
 where d.code = any (%s) and d.domain = %s and d.index_year = (select max(index_year) from places.deprivation)
"""
# Registers are long: they are listed for neighbourhoods and small areas only.
SETTINGS = """
select s.kind, s.name, d.attribution, d.edition from places.setting_now s join places.dataset d on d.id = s.dataset_id
 where s.lsoa_code = any (%s) and s.closed is null and s.kind <> 'other' order by s.kind, s.name
"""


@cache
def attributes() -> dict[str, Attribute]:
    """What can be known of an area, in the order in which it is shown."""
    return attributes_from(yaml.safe_load(parameters.text("known/social.yaml")))


def load(body: bytes, label: str) -> Reading:
    """Load a file of statements. Raises `Refused` for no UTF-8, a file loaded before, or one without a usable row."""
    digest = hashlib.sha256(body).digest()
    if db.value("ingest", "select 1 from surveillance.social_file where sha256 = %s", [digest]) is not None:
        raise Refused(f"{label} was loaded before, byte for byte. Nothing was changed.")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as wrong:
        raise Refused(f"{label} is no UTF-8 text (byte {wrong.start}). Save it as CSV UTF-8.") from None
    known = {row["code"] for row in db.rows("ingest", "select distinct code from places.area_now")}
    today = db.value("ingest", "select (commonweal.now() at time zone 'Europe/London')::date")
    reading = read(text, attributes(), known, today, label)
    with db.recorded("ingest") as write:
        number = db.fetch(
            write.cursor,
            "insert into surveillance.social_file (sha256, label, row_count, left_out, tick_id)"
            " values (%s, %s, %s, %s::jsonb, %s) returning id",
            [digest, label, len(reading.statements), json.dumps(dict(reading.left_out)), write.tick],
        )[0]["id"]
        columns = [list(column) for column in zip(
            *((each.area, each.attribute, each.value, each.source, each.dated) for each in reading.statements),
            strict=True,
        )]  # fmt: skip
        write.cursor.execute(
            "insert into surveillance.social_value (area_code, attribute, value, source, dated, file_id, tick_id)"
            " select *, %s, %s from unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::date[])",
            [number, write.tick, *columns],
        )
    return reading


def related(where: Where) -> list[str] | None:
    """The place, what lies in it, the authorities it lies in: where notes about it are pinned. None: anywhere."""
    if where.level in ("utla", "region", "country"):
        return None
    inside = [area.code for level in ("lsoa", "msoa") if level != where.level for area in _inside(where, level)]
    return [where.code, *inside, *where.authorities]


def _inside(where: Where, level: str) -> list[places.Area]:
    return (
        places.areas_in(where.code, level) if where.level == "ltla" or (where.level, level) == ("msoa", "lsoa") else []
    )


def layer(where: Where) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(what files say of the place and of the small areas in it, residents and deprivation of the place files)."""
    small = [area.code for area in _inside(where, "lsoa")] or [where.code]
    rows = db.rows("app", LAYER, {"codes": sorted({where.code, *small, *(a.code for a in _inside(where, "msoa"))})})
    names = places.names([row["area_code"] for row in rows])
    for row in rows:
        row["area"] = names.get(row["area_code"], row["area_code"])
    return rows, _from_places(where, small)


def _from_places(where: Where, small: list[str]) -> list[dict[str, Any]]:
    """Residents and deprivation, from the files of places."""
    found: list[dict[str, Any]] = []
    level = where.level if where.level in ("lsoa", "msoa", "ltla") else "ltla"
    counted = places.denominators([where.code], level=level).get(where.code)
    if counted is not None:
        found.append({"label": "Residents", "value": f"{counted.n:,}", "source": counted.attribution,
                      "dated": counted.reference_date})  # fmt: skip
    ranked = db.rows("app", DEPRIVATION, [small, OVERALL])
    if ranked:
        worst = sum(row["decile"] <= 2 for row in ranked)
        value = f"{worst} of {len(ranked)} small areas are among the most deprived fifth of England"
        found.append({"label": "Deprivation", "value": value, "source": ranked[0]["attribution"], "dated": None})
    if where.level in ("lsoa", "msoa"):
        found += [
            {"label": KINDS[row["kind"]], "value": row["name"], "source": row["attribution"], "dated": row["edition"]}
            for row in db.rows("app", SETTINGS, [small])
        ]
    return found
