"""What is known of the places of a scope: names, residents, the areas that pictures show, boundaries.

One authority is shown by its neighbourhoods (MSOA), several by themselves. Worked out once for a set of codes and the
places loaded, because it changes only when a file is loaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from commonweal.apps.access.scope import Actor
from commonweal.apps.intake.pages.area_figures import SmallArea
from commonweal.apps.places import queries as places
from commonweal.core import wording
from commonweal.core.pictures import AreaShape, shapes_from_geojson
from commonweal.core.places.codes import COUNTRY_AUTHORITIES
from commonweal.web import db

NAMED = 3
KEPT = 64


@dataclass(frozen=True)
class Ground:
    """The ground of *My area*. ``whole`` says that its groups are authorities, each with a page of its own."""

    name: str
    residents: int
    residents_note: str
    areas: Mapping[str, SmallArea]
    group_residents: Mapping[str, int]
    shapes: tuple[AreaShape, ...]
    whole: bool


def of_scope(codes: Sequence[str], asked: Sequence[str]) -> Ground:
    """The ground of the authorities with these codes; ``asked`` are the codes by which the office knows its area."""
    return _worked_out(tuple(codes), tuple(asked), places.newest_dataset())


def mandate(actor: Actor) -> list[str]:
    """The codes of an office's mandate, as it was given them."""
    rows = db.rows("app", "select place_code from access.mandate where office_id = %s order by 1", [actor.office_id])
    return [row["place_code"] for row in rows]


@lru_cache(maxsize=KEPT)
def _worked_out(codes: tuple[str, ...], asked: tuple[str, ...], _dataset: int) -> Ground:
    whole = len(codes) > 1
    counted = places.denominators(codes, level="ltla")
    areas = _authorities(codes) if whole else _neighbourhoods(codes)
    groups = {area.group_code: area.group_name for area in areas.values()}
    level = "ltla" if whole else "msoa"
    group_residents = {code: each.n for code, each in places.denominators(list(groups), level=level).items()}
    dates = {each.reference_date for each in counted.values()}
    note = f"residents on {wording.day_and_year(max(dates))}" if dates else "residents"
    residents = sum(each.n for each in counted.values()) if len(counted) == len(codes) else 0
    return Ground(_name(codes, asked), residents, note, areas, group_residents, _shapes(groups, level), whole)


def _authorities(codes: tuple[str, ...]) -> dict[str, SmallArea]:
    names = places.names(codes)
    return {code: SmallArea(code, code, names.get(code, code)) for code in codes}


def _neighbourhoods(codes: tuple[str, ...]) -> dict[str, SmallArea]:
    rows = places.small_areas(codes)
    names = places.names(sorted({row["msoa_code"] for row in rows if row["msoa_code"]}))
    return {
        row["lsoa_code"]: SmallArea(row["lsoa_code"], row["msoa_code"], names.get(row["msoa_code"], row["msoa_code"]))
        for row in rows
        if row["msoa_code"]
    }


def _shapes(groups: Mapping[str, str], level: str) -> tuple[AreaShape, ...]:
    """Boundaries of every group, or none: half a map would hide areas."""
    found = places.outlines(list(groups), level)
    if set(found) != set(groups):
        return ()
    features: list[dict[str, Any]] = [
        {"properties": {"code": code, "name": groups[code]}, "geometry": geometry} for code, geometry in found.items()
    ]
    return shapes_from_geojson(features, "code", "name")


def _name(codes: tuple[str, ...], asked: tuple[str, ...]) -> str:
    """The names people use for what was asked: 'Leicester', 'Leicester and Rutland', or how many authorities."""
    wanted = asked if asked and len(asked) <= NAMED else codes
    if len(wanted) > NAMED:
        return f"{len(codes)} authorities"
    names = places.names(wanted)
    if len(wanted) == 1 and len(codes) < COUNTRY_AUTHORITIES.get(wanted[0], 0):
        return f"{wording.counted(len(codes), 'authority', 'authorities')} of {names[wanted[0]]}"
    if len(codes) > NAMED and set(wanted) - set(names):
        return f"{len(codes)} authorities"
    return wording.joined([names.get(code, code) for code in wanted])
