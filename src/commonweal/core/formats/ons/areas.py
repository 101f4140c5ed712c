"""Tables of small areas: hierarchy, names, points, people and deprivation deciles of LSOAs and MSOAs."""

from __future__ import annotations

from datetime import date

import polars as pl

from commonweal.core.formats.ons import checks
from commonweal.core.formats.ons.recognise import Found, Recognised
from commonweal.core.formats.ons.tables import AreaTables, shaped
from commonweal.core.places import bands

_MID_YEAR = (6, 30)  # mid-year estimates count residents on 30 June
_ORDER = ("lsoa", "msoa", "ltla", "utla", "region")


def read_areas(recognised: Recognised, read: pl.DataFrame, label: str) -> AreaTables:
    """The tables of an LSOA table, an MSOA table or a list of MSOA names.

    `read` has our column names (see `unique_names`) and "row". Raises `Refused` for a repeated area, an area in two
    larger ones, or people that do not add up.
    """
    chain = [found for level in _ORDER for found in recognised.all(level)]
    own = chain[0]
    names = unique_names(recognised)
    clean = read.with_columns(checks.code_or_null(names[found.position]) for found in chain)
    checks.refuse_repeated(clean, names[own.position], own.heading, label)
    _refuse_crossing(clean, chain, names, label)
    populations = _populations(recognised, clean, own, names, label)
    return AreaTables(
        areas=shaped("areas", [_areas(recognised, clean, found, own, names) for found in chain]),
        parents=shaped("parents", _parents(clean, chain, names)),
        populations=shaped("populations", populations),
        deprivation=shaped("deprivation", _deciles(recognised, clean, own, names)),
    )


def unique_names(recognised: Recognised) -> dict[int, str]:
    """Position in the file -> a name that no other column has: "ltla.19" for a heading that names a vintage."""
    return {
        found.position: ".".join([found.column.name, *found.named.values()]) if found.column.many else found.column.name
        for found in recognised.found
    }


def vintage_of(found: Found) -> int:
    """The vintage a heading names, 0 when it names none."""
    return found.vintage or 0


def _areas(
    recognised: Recognised, table: pl.DataFrame, found: Found, own: Found, names: dict[int, str]
) -> pl.DataFrame:
    """One row for each area of a level, with whatever names and point the table gives it."""
    columns = {"code": pl.col(names[found.position]), "level": pl.lit(found.column.name)}
    columns["vintage"] = pl.lit(vintage_of(found))
    for kind, ours in (("name", "name"), ("used_name", "name_people_use")):
        named = next((n for n in recognised.all(f"{found.column.name}_{kind}") if n.named == found.named), None)
        if named:
            text = pl.col(names[named.position]).str.strip_chars()
            columns[ours] = pl.when(text != "").then(text)
    if found is own:
        columns |= _point(recognised)
    return table.select(**columns).drop_nulls("code").unique("code", keep="first", maintain_order=True)


def _point(recognised: Recognised) -> dict[str, pl.Expr]:
    point: dict[str, pl.Expr] = {n: checks.metres(n) for n in ("easting", "northing") if recognised.one(n)}
    if recognised.one("lat") and recognised.one("long"):
        point["lat"], point["long"] = checks.degrees("lat", "long")
    return point


def _parents(table: pl.DataFrame, chain: list[Found], names: dict[int, str]) -> list[pl.DataFrame]:
    """Each area with the areas of every larger level in its row."""
    pairs = [(child, parent) for child in chain for parent in chain if _above(parent, child)]
    return [
        table.select(
            code=pl.col(names[child.position]),
            level=pl.lit(child.column.name),
            vintage=pl.lit(vintage_of(child)),
            parent_code=pl.col(names[parent.position]),
            parent_level=pl.lit(parent.column.name),
            parent_vintage=pl.lit(vintage_of(parent)),
        )
        .drop_nulls()
        .unique(maintain_order=True)
        for child, parent in pairs
    ]


def _above(parent: Found, child: Found) -> bool:
    """Whether the table states that child lies in parent: a larger level, of the same vintage among authorities."""
    larger = _ORDER.index(parent.column.name) > _ORDER.index(child.column.name)
    authorities = child.column.name in ("ltla", "utla")
    return larger and (not authorities or parent.vintage == child.vintage)


def _refuse_crossing(table: pl.DataFrame, chain: list[Found], names: dict[int, str], label: str) -> None:
    for child in chain[1:]:
        for parent in chain:
            if _above(parent, child):
                pair = names[child.position], names[parent.position]
                headings = dict(zip(pair, (child.heading, parent.heading), strict=True))
                pairs = table.select(*pair, "row").rename(headings)
                checks.refuse_two_parents(pairs, child.heading, parent.heading, label)


def _populations(
    recognised: Recognised, table: pl.DataFrame, own: Found, names: dict[int, str], label: str
) -> list[pl.DataFrame]:
    people = recognised.all("people")
    counted = table.with_columns(checks.count(names[found.position]) for found in people)
    for year in {found.named["year"] for found in people}:
        of_year = [found for found in people if found.named["year"] == year]
        total = next((found for found in of_year if "band" not in found.named), None)
        parts = [found for found in of_year if "band" in found.named]
        complete = bands.covers_all_ages([bands.band(found.named["band"]) or "" for found in parts]) if parts else False
        if total and complete:
            columns = [names[found.position] for found in parts]
            checks.refuse_bad_sum(counted, names[total.position], columns, total.heading, label)
    return [
        counted.select(
            code=pl.col(names[own.position]),
            level=pl.lit(own.column.name),
            vintage=pl.lit(vintage_of(own)),
            reference_date=pl.lit(date(int(found.named["year"]), *_MID_YEAR)),
            band=pl.lit(bands.band(found.named["band"]) if "band" in found.named else bands.ALL),
            sex=pl.lit("all"),
            n=pl.col(names[found.position]),
        )
        for found in people
    ]


def _deciles(recognised: Recognised, table: pl.DataFrame, own: Found, names: dict[int, str]) -> list[pl.DataFrame]:
    return [
        table.select(
            code=pl.col(names[own.position]),
            vintage=pl.lit(vintage_of(own)),
            index_year=pl.lit(int(found.named["year"])),
            domain=pl.lit(found.named.get("domain", "imd")),
            decile=checks.count(names[found.position]),
        )
        for found in recognised.all("decile")
    ]
