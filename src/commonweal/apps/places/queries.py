"""All reads of places: what pages, intake and the sweep ask. Places are public; any role may read them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np

from commonweal.core.places import codes
from commonweal.core.places.neighbours import nearest
from commonweal.core.places.postcodes import normalise, territory
from commonweal.web import db

AREA_COLUMNS = "a.code, a.level, a.vintage, a.name, a.name_people_use, a.easting, a.northing, a.lat, a.long"

NEAREST = 6  # neighbours of an area without an outline: about as many as areas in the plane have

# Level -> the column of places.lsoa_scope that holds its codes.
_COLUMN = {
    "lsoa": "base_lsoa",
    "msoa": "msoa_code",
    "ltla": "scope_code",
    "utla": "utla_code",
    "region": "region_code",
    "country": "country_code",
}


@dataclass(frozen=True)
class Area:
    """An area as people meet it. `shown` is the name people use where there is one."""

    code: str
    level: str
    vintage: int
    name: str | None
    name_people_use: str | None
    easting: int | None
    northing: int | None
    lat: float | None
    long: float | None

    @property
    def shown(self) -> str:
        """The name to print: the one people use, else the official one, else the code."""
        return self.name_people_use or self.name or self.code


@dataclass(frozen=True)
class Denominator:
    """Residents that a rate divides by, and what they count."""

    code: str
    n: int
    band: str
    sex: str
    reference_date: date
    attribution: str


@dataclass(frozen=True)
class Postcode:
    """What a postcode means. Codes belong to the scope vintage, but ward and ltla, which are the file's own."""

    pcd: str
    pcds: str
    oa_code: str | None
    lsoa_code: str | None
    msoa_code: str | None
    ward_code: str | None
    ltla_code: str | None
    utla_code: str | None
    region_code: str | None
    country_code: str | None
    scope_ltla: str | None
    scope_basis: str | None
    terminated: bool
    dointr: int
    doterm: int | None
    easting: int | None
    northing: int | None
    lat: float | None
    long: float | None


_AS_OF = (
    "(select left(p.pcd, -3) || ' ' || right(p.pcd, 3) as pcds, p.ward as ward_code, p.ltla as ltla_code,"
    " p.scope_code as scope_ltla, p.doterm is not null as terminated, p.* from places.postcodes_as_of(%s, %s) p) x"
)
_POSTCODE_COLUMNS = ", ".join(Postcode.__dataclass_fields__)


def area(code: str, level: str | None = None) -> Area | None:
    """An area by code; for an authority of both tiers the lower tier unless `level` says otherwise."""
    wanted = level or codes.level_of(code)
    row = db.one("app", f"select {AREA_COLUMNS} from places.area_now a where code = %s and level = %s", [code, wanted])  # noqa: S608
    return Area(**row) if row else None


def names(wanted: Sequence[str]) -> dict[str, str]:
    """Code -> the name to print, for the codes that are known."""
    rows = db.rows(
        "app",
        "select code, coalesce(name_people_use, name) as name from places.area_now"
        " where code = any (%s) and coalesce(name_people_use, name) is not null order by level",
        [list(wanted)],
    )
    countries = {code: codes.COUNTRY_NAMES[code] for code in wanted if code in codes.COUNTRY_NAMES}
    return countries | {row["code"]: row["name"] for row in rows}


def setting_names(wanted: Sequence[str]) -> dict[str, str]:
    """Each "kind:identifier" -> name, for settings that a register lists; kinds are those of `core.places.settings`."""
    return {row["code"]: row["name"] for row in _settings(tuple(wanted))}


def setting_areas(wanted: Sequence[str]) -> dict[str, str]:
    """Each "kind:identifier" -> the small area of its postcode, for settings whose register gives one."""
    return {row["code"]: row["lsoa_code"] for row in _settings(tuple(wanted)) if row["lsoa_code"]}


def _settings(wanted: Sequence[str]) -> list[dict[str, Any]]:
    if not wanted:
        return []
    kinds, identifiers = [each.split(":")[0] for each in wanted], [each.partition(":")[2] for each in wanted]
    return db.rows(
        "app",
        "select s.kind || ':' || s.setting_id as code, s.name, s.lsoa_code"
        " from unnest(%s::text[], %s::text[]) as w (kind, id)"
        " join places.setting_now s on s.kind = w.kind and s.setting_id = w.id",
        [kinds, identifiers],
    )


def areas_in(code: str, level: str) -> list[Area]:
    """The areas of a level that lie in an area, by the hierarchy of the scope vintage, sorted by the name shown.

    `code` is an MSOA, or an authority, region or country of any vintage; `level` "lsoa", "msoa", "ltla", "utla",
    "region" or "country". Empty when the code is not known.
    """
    column = _COLUMN[level]
    rows = db.rows(
        "app",
        f"""
        with inside as (
          select distinct s.{column} as code from places.lsoa_scope s
           where s.scope_code = any ((select places.resolve_scope(%(code)s))::text[]) or s.msoa_code = %(code)s
          union
          select a.scope_code from places.authority a
           where %(level)s = 'ltla' and a.scope_code = any ((select places.resolve_scope(%(code)s))::text[]))
        select i.code, coalesce(a.level, %(level)s) as level, coalesce(a.vintage, 0) as vintage,
               a.name, a.name_people_use, a.easting, a.northing, a.lat, a.long
          from inside i left join places.area_now a on a.code = i.code and a.level = %(level)s
         where i.code is not null
        """,  # noqa: S608 - the column comes from the table above
        {"code": code, "level": level},
    )
    return sorted((Area(**row) for row in rows), key=lambda a: (a.shown.casefold(), a.code))


def denominators(
    wanted: Sequence[str], *, level: str, band: str = "all", sex: str = "all", on: date | None = None
) -> dict[str, Denominator]:
    """Residents of areas of one level, by code; areas that nobody counted are missing.

    The estimate with the newest reference date is taken, or the one of exactly `on`. Sums of small areas go before
    figures stated for the larger area, so that parts add up to wholes.
    """
    rows = db.rows(
        "app",
        """
        select distinct on (c.code) c.code, c.n, c.band, c.sex, c.reference_date, d.attribution
          from (select code, level, n, band, sex, reference_date, dataset_id, 0 as rank from places.denominator
                 where code = any (%(codes)s)
                union all
                select code, level, n, band, sex, reference_date, dataset_id, 1 from places.population
                 where code = any (%(codes)s)) c
          join places.dataset d on d.id = c.dataset_id
         where c.level = %(level)s and c.band = %(band)s and c.sex = %(sex)s
           and (%(on)s::date is null or c.reference_date = %(on)s::date)
         order by c.code, c.reference_date desc, c.rank, c.dataset_id desc
        """,
        {"codes": list(wanted), "level": level, "band": band, "sex": sex, "on": on},
    )
    return {row["code"]: Denominator(**row) for row in rows}


def boundaries_in(code: str, level: str) -> list[dict[str, Any]]:
    """Outlines with few points of the areas of a level in an area: code, name, geometry (GeoJSON, degrees)."""
    inside = {each.code: each for each in areas_in(code, level)}
    rows = db.rows(
        "app",
        "select distinct on (code) code, drawn from places.boundary where code = any (%s) and level = %s"
        " order by code, vintage desc, dataset_id desc",
        [list(inside), level],
    )
    return [
        {"code": row["code"], "name": inside[row["code"]].shown, "geometry": json.loads(row["drawn"])} for row in rows
    ]


def outlines(wanted: Sequence[str], level: str) -> dict[str, Any]:
    """Outlines with few points (GeoJSON, degrees) of areas of one level, by code; unloaded ones are missing."""
    rows = db.rows(
        "app",
        "select distinct on (code) code, drawn from places.boundary where code = any (%s) and level = %s"
        " order by code, vintage desc, dataset_id desc",
        [list(wanted), level],
    )
    return {row["code"]: json.loads(row["drawn"]) for row in rows}


def small_areas(scope_codes: Sequence[str]) -> list[dict[str, Any]]:
    """Rows lsoa_code, msoa_code, scope_code of every small area of the scope vintage in some authorities."""
    return db.rows(
        "app",
        "select distinct base_lsoa as lsoa_code, msoa_code, scope_code from places.lsoa_scope"
        " where scope_code = any (%s) order by 1",
        [list(scope_codes)],
    )


def newest_dataset() -> int:
    """Changes with every file loaded: what was worked out of places before it is stale."""
    return int(db.value("app", "select coalesce(max(id), 0) from places.dataset"))


def neighbours(code: str, level: str) -> list[tuple[str, str, float]]:
    """Neighbours of an area: (code, basis, metres). Touching ones where outlines are loaded, else the nearest ones.

    `metres` is the gap between outlines ("touching") or the distance between the points of the areas ("distance").
    """
    touching = db.rows(
        "app",
        "select neighbour, basis, min(metres) as metres from places.neighbour where code = %s and level = %s"
        " group by neighbour, basis order by neighbour",
        [code, level],
    )
    rows = touching or db.rows(
        "app",
        "select o.code as neighbour, 'distance' as basis, sqrt(power(o.easting - a.easting::float8, 2)"
        " + power(o.northing - a.northing::float8, 2)) as metres"
        "  from places.area_now a join places.area_now o on o.level = a.level and o.code <> a.code"
        " where a.code = %s and a.level = %s and o.easting is not null and a.easting is not null"
        " order by metres, o.code limit %s",
        [code, level, NEAREST],
    )
    return [(row["neighbour"], row["basis"], round(float(row["metres"]), 1)) for row in rows]


def neighbour_pairs(wanted: Sequence[str], level: str) -> list[tuple[str, str]]:
    """Every pair of neighbours among these areas, in both directions, sorted: the graph that the sweep smooths over.

    Touching outlines where every one of the areas has them, else mutual nearness of points.
    """
    rows = db.rows(
        "app",
        "select distinct code, neighbour from places.neighbour"
        " where level = %s and code = any (%s) and neighbour = any (%s)",
        [level, list(wanted), list(wanted)],
    )
    if {row["code"] for row in rows} >= set(wanted):
        return sorted((row["code"], row["neighbour"]) for row in rows)
    points = db.rows(
        "app",
        "select code, easting, northing from places.area_now where level = %s and code = any (%s)"
        " and easting is not null and northing is not null order by code",
        [level, list(wanted)],
    )
    near = nearest(
        [row["code"] for row in points],
        np.array([row["easting"] for row in points], dtype=np.float64),
        np.array([row["northing"] for row in points], dtype=np.float64),
        NEAREST,
    )
    return near.select("code", "neighbour").rows()


def resolve_scope(code: str) -> list[str]:
    """The authorities of the scope vintage that a code of any vintage and tier covers."""
    return list(db.value("app", "select places.resolve_scope(%s)", [code]))


def postcode(text: str) -> Postcode | None:
    """What a postcode means now, however it is written; None when it is none or not known."""
    return _postcode(text, "places.postcode_current", [])


def postcode_as_of(text: str, as_of: datetime) -> Postcode | None:
    """What a postcode meant by what was known at an instant (scope and hierarchy are those in force)."""
    return _postcode(text, _AS_OF, [as_of])


def _postcode(text: str, source: str, before: list[Any]) -> Postcode | None:
    key = normalise(text)
    if key is None:
        return None
    params = [*before, [key], key] if before else [key]
    row = db.one("app", f"select {_POSTCODE_COLUMNS} from {source} where pcd = %s", params)  # noqa: S608 - fixed texts
    return Postcode(**row) if row else None


def why_no_place(text: str) -> str:
    """Why a postcode gives no place: "not_a_postcode", its territory or "not_known"; "" when it gives one."""
    key = normalise(text)
    if key is None:
        return "not_a_postcode"
    found = postcode(key)
    if found and found.scope_ltla:
        return ""
    elsewhere = territory(key)
    return "not_known" if elsewhere == "great britain" else elsewhere.replace(" ", "_")


def attributions() -> list[str]:
    """The sentences to print on whatever shows places: one for each kind of file loaded."""
    return [row["attribution"] for row in db.rows("app", "select distinct attribution from places.dataset order by 1")]


def datasets() -> list[dict[str, Any]]:
    """Every file loaded, newest first: label, layout, title, edition, row_count, left_out, known_at, attribution."""
    return db.rows(
        "app",
        "select d.label, d.layout, d.title, d.edition, d.edition_stated, d.row_count, d.left_out, d.attribution,"
        " t.known_at"
        "  from places.dataset d join ledger.tick t on t.id = d.tick_id order by d.id desc",
    )


def scope_vintage() -> dict[str, Any] | None:
    """Which year's authorities records are scoped by: name, ltla_vintage, small_area_vintage; None before it is set."""
    return db.one("app", "select name, ltla_vintage, small_area_vintage from places.scope_vintage")


def authorities() -> dict[str, str]:
    """Code -> name of every authority of the scope vintage and of the counties above: who has offices at once."""
    rows = db.rows(
        "app",
        "select distinct x.code, coalesce(n.name, x.code) as name"
        "  from (select scope_code as code, 'ltla' as level from places.authority where code = scope_code"
        "        union select utla_code, 'utla' from places.authority where utla_code is not null) x"
        "  left join places.area_now n on n.code = x.code and n.level = x.level order by 1",
    )
    return {row["code"]: row["name"] for row in rows}


def regions() -> dict[str, str]:
    """Code -> name of the regions in the hierarchy in force."""
    found = [each for country in codes.COUNTRY_OF_LETTER.values() for each in areas_in(country, "region")]
    return {each.code: each.shown for each in sorted(found, key=lambda each: each.code)}
