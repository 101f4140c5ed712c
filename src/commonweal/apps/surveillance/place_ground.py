"""What is known of a place before anything is counted: its name, what it lies in, what lies in it, who lives there.

Worked out once for a code and the files of places loaded. Wards are put together from whole small areas, each given to
the ward that most of its postcodes in use lie in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from commonweal.apps.places import queries as places
from commonweal.core import wording
from commonweal.core.errors import NotThere
from commonweal.core.places import codes
from commonweal.web import db

KEPT = 512
LEVELS = ("lsoa", "msoa", "ward", "ltla", "utla", "region", "country")
WORDS = {
    "lsoa": ("small area", "small areas"),
    "msoa": ("neighbourhood", "neighbourhoods"),
    "ward": ("ward", "wards"),
    "ltla": ("authority", "authorities"),
    "utla": ("county", "counties"),
    "region": ("region", "regions"),
    "country": ("country", "countries"),
}
# A place is held against its like within the next larger place that one office answers for; an authority and more
# against its own parts, because what its neighbours count is theirs to show.
COMPARED = {
    "lsoa": "lsoa", "msoa": "msoa", "ward": "ward", "ltla": "msoa", "utla": "ltla", "region": "ltla", "country": "ltla",
}  # fmt: skip

HIERARCHY = """
select base_lsoa as lsoa_code, msoa_code, scope_code, utla_code, region_code from places.lsoa_scope
 where lsoa_code = %(code)s or msoa_code = %(code)s
"""
MANY = """
select distinct c.code, s.scope_code
  from unnest(%(codes)s::text[]) c (code) join places.lsoa_scope s on s.lsoa_code = c.code or s.msoa_code = c.code
"""
ABOVE = """
select scope_code, utla_code, region_code from places.authority where scope_code = any (%s) and code = scope_code
"""
# The ward of each small area: that of most of its postcodes in use.
WARDS = """
select distinct on (lsoa_code) lsoa_code, ward, scope_code
  from (select lsoa_code, ward, min(scope_code) as scope_code, count(*) as n from places.postcode_now
         where ward is not null and lsoa_code is not null and doterm is null group by 1, 2) counted
 order by lsoa_code, n desc, ward
"""


@dataclass(frozen=True)
class Named:
    """A place by its code, level and the name people use."""

    code: str
    level: str
    name: str


@dataclass(frozen=True)
class Ground:
    """A place. ``small``: its small areas, or None where it is made of whole authorities. ``compared`` are the places
    that it is held against, itself among them where they are its like: code -> (name, small areas or authority)."""

    code: str
    level: str
    name: str
    authorities: tuple[str, ...]
    small: tuple[str, ...] | None
    residents: int
    residents_note: str
    within: tuple[Named, ...]
    inside: tuple[Named, ...]
    neighbours: tuple[Named, ...]
    compared_level: str
    compared: dict[str, str]
    compared_in: str
    group_of: dict[str, str]
    group_residents: dict[str, int]

    @property
    def word(self) -> str:
        """'neighbourhood', 'authority' and so on."""
        return WORDS[self.level][0]


def of_place(code: str, level: str = "") -> Ground:
    """The ground of a place. Raises `NotThere` for a code that is none of ours."""
    return _worked_out(code, level or level_of(code), places.newest_dataset())


def level_of(code: str) -> str:
    """The level of a code; an authority of both tiers is taken as the lower one. Raises `NotThere`."""
    found = next((level for level in LEVELS if codes.is_level(code, level)), None) if codes.is_code(code) else None
    if found is None:
        raise NotThere(f"There is no place {code[:20]!r}. A place has a code like E02002803; search for its name.")
    return found


@lru_cache(maxsize=KEPT)
def _worked_out(code: str, level: str, dataset: int) -> Ground:
    authorities, small, own = _made_of(code, level, dataset)
    if not authorities:
        raise NotThere(f"There is no place {code} among the places loaded. Search for its name.")
    within = _within(own, level, authorities)
    name = _name(code, level, len(authorities))
    counted = places.denominators(small if small is not None else [code], level="lsoa" if small else level)
    whole = len(counted) == (len(small) if small is not None else 1)
    if small is None and not whole:
        counted = places.denominators(list(authorities), level="ltla")
        whole = len(counted) == len(authorities)
    dates = sorted({each.reference_date for each in counted.values()})
    compared_level = COMPARED[level]
    group_of, compared_in = _groups(compared_level, level, code, authorities, dataset)
    names = places.names(sorted(set(group_of.values())))
    residents = _residents(compared_level, group_of)
    return Ground(
        code, level, name, authorities, small,
        sum(each.n for each in counted.values()) if whole else 0,
        f"residents on {wording.day_and_year(dates[-1])}" if dates else "residents",
        within, _inside(level, code, authorities, small, dataset), _neighbours(code, level), compared_level,
        {each: names.get(each, each) for each in sorted(set(group_of.values()))},
        compared_in or codes.COUNTRY_NAMES.get(code, name), group_of, residents,
    )  # fmt: skip


def _made_of(
    code: str, level: str, dataset: int
) -> tuple[tuple[str, ...], tuple[str, ...] | None, list[dict[str, Any]]]:
    """The authorities whose counts it needs, its small areas (None: all of them), and its rows of the hierarchy."""
    if level in ("lsoa", "msoa"):
        rows = db.rows("app", HIERARCHY, {"code": code})
        found = tuple(sorted({row["scope_code"] for row in rows}))
        return found, tuple(sorted({row["lsoa_code"] for row in rows})), rows
    if level == "ward":
        rows = [row for row in wards(dataset) if row["ward"] == code]
        found = tuple(sorted({row["scope_code"] for row in rows if row["scope_code"]}))
        return found, tuple(sorted(row["lsoa_code"] for row in rows)), []
    return tuple(places.resolve_scope(code)), None, []


@lru_cache(maxsize=2)
def wards(dataset: int) -> list[dict[str, Any]]:
    """The ward of every small area; read once for the postcodes loaded, because it goes over all of them."""
    del dataset
    return db.rows("app", WARDS)


def _within(own: list[dict[str, Any]], level: str, authorities: tuple[str, ...]) -> tuple[Named, ...]:
    """What the place lies in, the smallest first."""
    found: list[tuple[str, str]] = []
    if level == "lsoa":  # its ward is left out: it would be looked for among all postcodes of the country
        found += [(row["msoa_code"], "msoa") for row in own[:1] if row["msoa_code"]]
    if level in ("lsoa", "msoa", "ward"):
        found += [(each, "ltla") for each in authorities]
    above = db.rows("app", ABOVE, [list(authorities)])
    if level in ("lsoa", "msoa", "ward", "ltla"):
        counties = sorted({row["utla_code"] for row in above if row["utla_code"]} - set(authorities))
        found += [(each, "utla") for each in counties]
    if level not in ("region", "country"):
        found += [(each, "region") for each in sorted({row["region_code"] for row in above if row["region_code"]})]
    names = places.names([code for code, _ in found])
    return tuple(Named(code, level, names.get(code, code)) for code, level in found)


def _inside(
    level: str, code: str, authorities: Sequence[str], small: tuple[str, ...] | None, dataset: int
) -> tuple[Named, ...]:
    """The next smaller places that it is made of."""
    if level == "country":
        above = db.rows("app", ABOVE, [list(authorities)])
        chosen, smaller = sorted({row["region_code"] for row in above if row["region_code"]}), "region"
        chosen, smaller = (chosen, smaller) if chosen else (list(authorities), "ltla")
    elif level in ("utla", "region"):
        chosen, smaller = list(authorities), "ltla"
    elif level == "ltla":
        return tuple(Named(each.code, "msoa", each.shown) for each in places.areas_in(code, "msoa"))
    elif level in ("msoa", "ward") and small is not None:
        chosen, smaller = list(small), "lsoa"
    else:
        return ()
    names = places.names(chosen)
    return tuple(Named(each, smaller, names.get(each, each)) for each in sorted(chosen, key=lambda c: names.get(c, c)))


def _neighbours(code: str, level: str) -> tuple[Named, ...]:
    found = [each for each, _, _ in places.neighbours(code, level)]
    names = places.names(found)
    return tuple(Named(each, level, names.get(each, each)) for each in sorted(found, key=lambda c: names.get(c, c)))


def _groups(
    compared: str, level: str, code: str, authorities: tuple[str, ...], dataset: int
) -> tuple[dict[str, str], str]:
    """Small area (or authority) -> the place that it is compared as; and the name of what they all lie in."""
    if compared == "ltla":
        return {each: each for each in authorities}, ""
    name = "" if level == "ltla" else wording.joined(list(places.names(list(authorities)).values()))
    if compared == "ward":
        rows = [row for row in wards(dataset) if row["scope_code"] in authorities]
        return {row["lsoa_code"]: row["ward"] for row in rows}, name
    rows = places.small_areas(authorities)
    column = "msoa_code" if compared == "msoa" else "lsoa_code"
    return {row["lsoa_code"]: row[column] for row in rows if row[column]}, name


def _residents(level: str, group_of: dict[str, str]) -> dict[str, int]:
    if level in ("ltla", "msoa"):
        found = places.denominators(sorted(set(group_of.values())), level=level)
        return {code: each.n for code, each in found.items()}
    counted = places.denominators(sorted(group_of), level="lsoa")
    total: dict[str, int] = {}
    for small, group in group_of.items():
        if small in counted:
            total[group] = total.get(group, 0) + counted[small].n
    return total


def _name(code: str, level: str, authorities: int) -> str:
    """The name people use; of a country of which only a part is loaded, how many authorities those are."""
    if authorities < codes.COUNTRY_AUTHORITIES.get(code, 0):
        return f"{wording.counted(authorities, 'authority', 'authorities')} of {codes.COUNTRY_NAMES[code]}"
    found = places.area(code, level)
    return found.shown if found else places.names([code]).get(code, code)


def authorities_of(code: str, level: str) -> tuple[str, ...]:
    """The authorities whose counts a place needs; empty for a place that is not known."""
    return _authorities_of(code, level, places.newest_dataset())


@lru_cache(maxsize=20_000)
def _authorities_of(code: str, level: str, dataset: int) -> tuple[str, ...]:
    return _made_of(code, level, dataset)[0]


def authorities_of_all(found: Sequence[Named]) -> dict[Named, tuple[str, ...]]:
    """The same of many places, small areas and neighbourhoods together in one question."""
    return _authorities_of_all(tuple(found), places.newest_dataset())


@lru_cache(maxsize=KEPT)
def _authorities_of_all(found: tuple[Named, ...], dataset: int) -> dict[Named, tuple[str, ...]]:
    small = [each.code for each in found if each.level in ("lsoa", "msoa")]
    inside: dict[str, set[str]] = {}
    for row in db.rows("app", MANY, {"codes": small}) if small else []:
        inside.setdefault(row["code"], set()).add(row["scope_code"])
    return {
        each: tuple(sorted(inside.get(each.code, ())))
        if each.level in ("lsoa", "msoa")
        else _authorities_of(each.code, each.level, dataset)
        for each in found
    }


def groups(level: str, authorities: tuple[str, ...]) -> dict[str, str]:
    """Small area -> the place of a level ("lsoa", "msoa" or "ward") that it makes up, in some authorities."""
    return _groups(level, level, "", authorities, places.newest_dataset())[0]
