"""Population sheets, population tables of authorities, indices of deprivation, and the 2011 to 2021 lookup."""

from __future__ import annotations

import re
from datetime import date

import polars as pl

from commonweal.core.errors import Refused
from commonweal.core.formats.ons import checks
from commonweal.core.formats.ons.areas import unique_names, vintage_of
from commonweal.core.formats.ons.edition import mid_year, sex_named
from commonweal.core.formats.ons.recognise import Found, Recognised
from commonweal.core.formats.ons.tables import AreaTables, shaped
from commonweal.core.places import bands, codes

_LAST_YEAR_OF_2011_AREAS = 2020  # estimates from mid-2021 name their vintage in the heading

# The geography column of the authorities' table -> level; levels that are no tier of government are not loaded.
_GEOGRAPHY = {
    "country": "country",
    "region": "region",
    "county": "utla",
    "unitary authority": "ltla",
    "london borough": "ltla",
    "metropolitan district": "ltla",
    "non-metropolitan district": "ltla",
    "council area": "ltla",
}
_DOMAINS = {
    "index of multiple deprivation": "imd",
    "education, skills and training": "education",
    "health deprivation and disability": "health",
    "barriers to housing and services": "housing",
    "living environment": "living_env",
}
_ABBREVIATED = re.compile(r"\(([A-Za-z]+)\)")


def read_sheet(recognised: Recognised, read: pl.DataFrame, label: str) -> AreaTables:
    """A mid-year sheet by single year of age: areas, their authorities, and people in five-year and broad bands.

    The reference date and the sex stand in the lines above the header or in the file's name. Raises `Refused` when
    neither tells, when an area stands twice, or when the ages of a row do not add up.
    """
    reference, sex = _told(recognised, label)
    own = _only(recognised, "area")
    level = own.column.kind
    vintage = _sheet_vintage(own, reference, label)
    names = unique_names(recognised)
    ages = {found.named["age"]: names[found.position] for found in recognised.all("age")}
    _refuse_missing_ages(ages, label)
    table = read.with_columns(checks.count("all"), *(checks.count(name) for name in ages.values()))
    table = table.with_columns(pl.col("area").str.strip_chars())
    checks.refuse_repeated(table, "area", own.heading, label)
    checks.refuse_bad_sum(table, "all", ages.values(), _only(recognised, "all").heading, label)
    area = {"code": pl.col("area"), "level": pl.lit(level), "vintage": pl.lit(vintage)}
    return AreaTables(
        areas=shaped("areas", [table.select(**area, **_name(recognised)), *_authorities(recognised, table)]),
        parents=shaped("parents", [table.select(**area, **_parent(ltla, names)) for ltla in recognised.all("ltla")]),
        populations=shaped("populations", _in_bands(table, ages, area, reference, sex)),
    )


def read_authorities(recognised: Recognised, read: pl.DataFrame, label: str) -> AreaTables:
    """People by authority and five-year band; the vintage of the codes is not stated by such a file."""
    reference = mid_year(label)
    if reference is None:
        raise Refused(
            f"{label}: which year is not stated. Name the file after it, for example 'population_mid2019.csv'."
        )
    geography = pl.col("geography").str.strip_chars().str.to_lowercase()
    table = read.with_columns(geography.replace_strict(_GEOGRAPHY, default=None, return_dtype=pl.String).alias("level"))
    table = table.filter(pl.col("level").is_not_null())
    checks.refuse_repeated(table, "area", _only(recognised, "area").heading, label)
    names = unique_names(recognised)
    parts = {bands.band(found.named["band"]) or "": names[found.position] for found in recognised.all("band")}
    table = table.with_columns(checks.count("all"), *(checks.count(name) for name in parts.values()))
    if bands.covers_all_ages(list(parts)):
        checks.refuse_bad_sum(table, "all", parts.values(), _only(recognised, "all").heading, label)
    area = {"code": pl.col("area").str.strip_chars(), "vintage": pl.lit(codes.NOT_STATED)}
    people = {"reference_date": pl.lit(reference), "sex": pl.lit("all")}
    counts = {bands.ALL: "all", **parts}
    return AreaTables(
        areas=shaped("areas", [table.select(**area, level="level", **_name(recognised))]),
        populations=shaped(
            "populations",
            [
                table.select(**area, **people, level="level", band=pl.lit(name), n=pl.col(column))
                for name, column in counts.items()
            ],
        ),
    )


def read_deprivation(recognised: Recognised, read: pl.DataFrame, label: str) -> AreaTables:
    """Scores, ranks and deciles of every domain, one row an area and domain."""
    own = _only(recognised, "lsoa")
    table = read.with_columns(checks.code_or_null("lsoa"))
    checks.refuse_repeated(table, "lsoa", own.heading, label)
    names = unique_names(recognised)
    measures: dict[str, dict[str, pl.Expr]] = {}
    for measure, kind in (("score", pl.Float64), ("rank", pl.Int32), ("decile", pl.Int32)):
        for found in recognised.all(measure):
            value = pl.col(names[found.position]).str.strip_chars().cast(pl.Float64).cast(kind)
            measures.setdefault(domain_key(found.named["domain"]), {})[measure] = value
    authority = next(iter(recognised.all("ltla")), None)
    year = authority.vintage if authority and authority.vintage else vintage_of(own)
    area = {"code": pl.col("lsoa"), "vintage": pl.lit(vintage_of(own))}
    return AreaTables(
        areas=shaped("areas", [table.select(**area, level=pl.lit("lsoa")), *_authorities(recognised, table)]),
        parents=shaped(
            "parents",
            [table.select(**area, level=pl.lit("lsoa"), **_parent(ltla, names)) for ltla in recognised.all("ltla")],
        ),
        deprivation=shaped(
            "deprivation",
            [table.select(**area, index_year=pl.lit(year), domain=pl.lit(d), **m) for d, m in measures.items()],
        ),
    )


def read_changes(recognised: Recognised, read: pl.DataFrame, label: str) -> AreaTables:
    """Which 2021 area each 2011 area became (best fit), and the authority of the latter."""
    table = read.with_columns(checks.code_or_null("old"), checks.code_or_null("new"))
    checks.refuse_repeated(table, "old", _only(recognised, "old").heading, label)
    names = unique_names(recognised)
    old, new = codes.SMALL_AREA_VINTAGES
    was = {"code": pl.col("old"), "level": pl.lit("lsoa"), "vintage": pl.lit(old)}
    became = {"code": pl.col("new"), "level": pl.lit("lsoa"), "vintage": pl.lit(new)}
    name = {"name": pl.col("new_name").str.strip_chars()} if recognised.one("new_name") else {}
    known = table.unique("new", keep="first", maintain_order=True)
    return AreaTables(
        areas=shaped("areas", [table.select(**was), known.select(**became, **name)]),
        parents=shaped("parents", [table.select(**was, **_parent(ltla, names)) for ltla in recognised.all("ltla")]),
        changes=shaped("changes", [table.select(**was, new_code=pl.col("new"), new_vintage=pl.lit(new))]),
    )


def domain_key(heading: str) -> str:
    """The short name of a domain: "Index of Multiple Deprivation (IMD)" -> "imd", "Income" -> "income"."""
    if abbreviated := _ABBREVIATED.search(heading):
        return abbreviated[1].lower()
    small = heading.lower().strip()
    return _DOMAINS.get(small, re.sub(r"[^a-z0-9]+", "_", small).strip("_"))


def _told(recognised: Recognised, label: str) -> tuple[date, str]:
    reference = mid_year(recognised.preamble) or mid_year(label)
    sex = sex_named(label) or sex_named(recognised.preamble)
    if reference is None or sex is None:
        what = "the year" if reference is None else "whether it counts persons, males or females"
        raise Refused(f"{label}: the sheet does not tell {what}. Name the file as the sheet, 'Mid-2020 Persons.csv'.")
    return reference, sex


def _sheet_vintage(own: Found, reference: date, label: str) -> int:
    if own.vintage:
        return own.vintage
    if reference.year > _LAST_YEAR_OF_2011_AREAS:
        raise Refused(f"{label}, column {own.heading}: the year of the areas (2011 or 2021) is not in the heading.")
    return codes.SMALL_AREA_VINTAGES[0]


def _refuse_missing_ages(ages: dict[str, str], label: str) -> None:
    wanted = [str(age) for age in range(bands.OPEN_AGE)] + [f"{bands.OPEN_AGE}+"]
    missing = [age for age in wanted if age not in ages]
    if missing:
        raise Refused(
            f"{label}: the columns of ages {', '.join(missing[:5])} are missing; a sheet has 0 to 89 and 90+."
        )


def _in_bands(
    table: pl.DataFrame, ages: dict[str, str], area: dict[str, pl.Expr], reference: date, sex: str
) -> list[pl.DataFrame]:
    about = {**area, "reference_date": pl.lit(reference), "sex": pl.lit(sex)}
    sums = {band: [ages[year] for year in bands.single_years_in(band)] for band in (*bands.FIVE_YEAR, *bands.BROAD)}
    sums[bands.ALL] = ["all"]
    return [table.select(**about, band=pl.lit(band), n=pl.sum_horizontal(*columns)) for band, columns in sums.items()]


def _authorities(recognised: Recognised, table: pl.DataFrame) -> list[pl.DataFrame]:
    """The authorities a file names beside its areas."""
    names = unique_names(recognised)
    made = []
    for found in recognised.all("ltla"):
        named = next((n for n in recognised.all("ltla_name") if n.named == found.named), None)
        columns = {"code": pl.col(names[found.position]).str.strip_chars(), "level": pl.lit("ltla")}
        columns["vintage"] = pl.lit(vintage_of(found))
        if named:
            columns["name"] = pl.col(names[named.position]).str.strip_chars()
        made.append(table.select(**columns).unique("code", keep="first", maintain_order=True))
    return made


def _parent(found: Found, names: dict[int, str]) -> dict[str, pl.Expr]:
    return {
        "parent_code": pl.col(names[found.position]).str.strip_chars(),
        "parent_level": pl.lit(found.column.name),
        "parent_vintage": pl.lit(vintage_of(found)),
    }


def _name(recognised: Recognised) -> dict[str, pl.Expr]:
    return {"name": pl.col("area_name").str.strip_chars()} if recognised.one("area_name") else {}


def _only(recognised: Recognised, name: str) -> Found:
    found = recognised.one(name)
    if found is None:
        raise LookupError(name)  # a layout declares it needed, so recognition has seen it
    return found
