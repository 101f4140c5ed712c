"""What area files come out as: a few tables of one shape each, whatever the layout was."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import polars as pl

# A vintage is the year of the code list; 0 where the file names none. `easting` and `northing` are metres of the
# National Grid, `lat` and `long` degrees (WGS84), of the point that stands for the area.
AREAS = {
    "code": pl.String(),
    "level": pl.String(),
    "vintage": pl.Int32(),
    "name": pl.String(),
    "name_people_use": pl.String(),
    "easting": pl.Int32(),
    "northing": pl.Int32(),
    "lat": pl.Float64(),
    "long": pl.Float64(),
}
# `code` of `level` lies in `parent_code` of `parent_level`.
PARENTS = {
    "code": pl.String(),
    "level": pl.String(),
    "vintage": pl.Int32(),
    "parent_code": pl.String(),
    "parent_level": pl.String(),
    "parent_vintage": pl.Int32(),
}
# Residents on `reference_date`; band "all" or as in `core.places.bands`, sex "all", "female" or "male".
POPULATIONS = {
    "code": pl.String(),
    "level": pl.String(),
    "vintage": pl.Int32(),
    "reference_date": pl.Date(),
    "band": pl.String(),
    "sex": pl.String(),
    "n": pl.Int64(),
}
# An index of deprivation: `domain` "imd", "income", ...; decile 1 = most deprived tenth; rank 1 = most deprived.
DEPRIVATION = {
    "code": pl.String(),
    "vintage": pl.Int32(),
    "index_year": pl.Int32(),
    "domain": pl.String(),
    "score": pl.Float64(),
    "rank": pl.Int32(),
    "decile": pl.Int32(),
}
# `code` of `vintage` became (mostly) `new_code` of `new_vintage`.
CHANGES = {
    "code": pl.String(),
    "level": pl.String(),
    "vintage": pl.Int32(),
    "new_code": pl.String(),
    "new_vintage": pl.Int32(),
}
# `outline` and `drawn` (fewer points, for pictures) are GeoJSON geometries in degrees (WGS84).
BOUNDARIES = {
    "code": pl.String(),
    "level": pl.String(),
    "vintage": pl.Int32(),
    "outline": pl.String(),
    "drawn": pl.String(),
}
# Both directions are there. `metres` is the smallest gap between outlines ("touching").
NEIGHBOURS = {
    "code": pl.String(),
    "level": pl.String(),
    "vintage": pl.Int32(),
    "neighbour": pl.String(),
    "basis": pl.String(),
    "metres": pl.Float64(),
}
# A place where people live, learn, work, pray or are tested; `postcode` is its key, null where the register has none.
SETTINGS = {
    "setting_id": pl.String(),
    "kind": pl.String(),
    "name": pl.String(),
    "postcode": pl.String(),
    "services": pl.String(),
    "beds": pl.Int32(),
    "opened": pl.Date(),
    "closed": pl.Date(),
}

SCHEMAS = {
    "areas": AREAS,
    "parents": PARENTS,
    "populations": POPULATIONS,
    "deprivation": DEPRIVATION,
    "changes": CHANGES,
    "boundaries": BOUNDARIES,
    "neighbours": NEIGHBOURS,
    "settings": SETTINGS,
}


def _empty(name: str) -> pl.DataFrame:
    return pl.DataFrame(schema=SCHEMAS[name])


@dataclass(frozen=True)
class AreaTables:
    """Everything an area file states; tables it says nothing about are empty. `rows` counts
    what was read, `left_out` what of it is not loaded."""

    areas: pl.DataFrame = field(default_factory=lambda: _empty("areas"))
    parents: pl.DataFrame = field(default_factory=lambda: _empty("parents"))
    populations: pl.DataFrame = field(default_factory=lambda: _empty("populations"))
    deprivation: pl.DataFrame = field(default_factory=lambda: _empty("deprivation"))
    changes: pl.DataFrame = field(default_factory=lambda: _empty("changes"))
    boundaries: pl.DataFrame = field(default_factory=lambda: _empty("boundaries"))
    neighbours: pl.DataFrame = field(default_factory=lambda: _empty("neighbours"))
    settings: pl.DataFrame = field(default_factory=lambda: _empty("settings"))
    rows: int = 0
    left_out: int = 0

    def nonempty(self) -> dict[str, pl.DataFrame]:
        """Name and rows of the tables that have any."""
        tables = {each.name: getattr(self, each.name) for each in fields(self) if each.name in SCHEMAS}
        return {name: table for name, table in tables.items() if table.height}


def shaped(name: str, tables: list[pl.DataFrame]) -> pl.DataFrame:
    """Partial tables brought to one of the shapes above (missing columns null) and put together without repeats."""
    schema = SCHEMAS[name]
    full = [
        table.select(
            pl.col(column).cast(kind) if column in table.columns else pl.lit(None, dtype=kind).alias(column)
            for column, kind in schema.items()
        )
        for table in tables
    ]
    return pl.concat(full).unique(maintain_order=True) if full else _empty(name)
