"""The official layouts, as data: which columns each has, by pattern, and how its values must look.

A column is found by its heading alone, never by its position, because editions add, drop, rename and move columns
(`oslaua`, `laua`, `lad25cd` and `ladcd` all hold the lower-tier authority). A heading is compared in small letters with
single spaces. Where a heading names a year, the group `vintage` catches it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column we read: our name, the headings it may have, the kind of its values (see `checks`), needed or not."""

    name: str
    pattern: str
    kind: str
    needed: bool = True
    many: bool = False  # may occur several times, once for each vintage, domain or age band

    def matches(self, heading: str) -> re.Match[str] | None:
        """The match of a prepared heading (small letters, single spaces), or None."""
        return re.fullmatch(self.pattern, heading)


@dataclass(frozen=True)
class Layout:
    """One published layout.

    `tells` are columns of ours of which at least one has to be there, and `signs` are patterns of headings that only
    this layout has (all of them must be found): together they tell layouts apart that share columns.
    """

    key: str
    title: str
    family: str
    columns: tuple[Column, ...]
    signs: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    tells: tuple[str, ...] = ()
    latin1: bool = False
    postal: bool = False  # carries Royal Mail and Ordnance Survey material


_YY = r"(?P<vintage>\d\d)"

_POSTCODE = (
    Column("pcds", "pcds", "postcode"),
    Column("dointr", "dointr", "month"),
    Column("doterm", "doterm", "month or empty"),
    Column("large_user", "usertype|usrtypind", "0 or 1", needed=False),
    Column("ltla", r"oslaua|laua|ladcd|lad" + _YY + "cd", "ltla or empty"),
    Column("oa11", "oa11(?:cd)?", "oa or empty", needed=False),
    Column("oa21", "oa21(?:cd)?", "oa or empty", needed=False),
    Column("lsoa11", "lsoa11(?:cd)?", "lsoa or empty", needed=False),
    Column("lsoa21", "lsoa21(?:cd)?", "lsoa or empty", needed=False),
    Column("msoa11", "msoa11(?:cd)?", "msoa or empty", needed=False),
    Column("msoa21", "msoa21(?:cd)?", "msoa or empty", needed=False),
    Column("ward", "osward|ward|wd" + _YY + "cd", "ward or empty", needed=False),
    Column("county", "oscty|cty|cty" + _YY + "cd", "county or empty", needed=False),
    Column("region", "rgn|gor|rgn" + _YY + "cd", "region or empty", needed=False),
    Column("country", "ctry|ctry" + _YY + "cd", "country or empty", needed=False),
    Column("easting", "oseast1m|east1m", "easting or empty", needed=False),
    Column("northing", "osnrth1m|north1m", "northing or empty", needed=False),
    Column("lat", "lat", "latitude or empty", needed=False),
    Column("long", "long", "longitude or empty", needed=False),
)


def _postcodes(key: str, title: str, signs: tuple[str, ...], **more: object) -> Layout:
    small_areas = ("lsoa11", "lsoa21")
    return Layout(key, title, "postcodes", _POSTCODE, signs, tells=small_areas, postal=True, **more)  # type: ignore[arg-type]


_POINT = (
    Column("easting", "bng_e(?:_popw)?", "easting or empty", needed=False),
    Column("northing", "bng_n(?:_popw)?", "northing or empty", needed=False),
    Column("lat", "lat", "latitude or empty", needed=False),
    Column("long", "long", "longitude or empty", needed=False),
)
_PEOPLE = Column("people", r"pop(?P<year>\d{4})(?:_(?P<band>\d+_\d+|\d+plus))?", "count", needed=False, many=True)
_ABOVE = (
    Column("ltla", "lad" + _YY + "cd", "ltla", many=True),
    Column("ltla_name", "lad" + _YY + "nm", "text", needed=False, many=True),
    Column("utla", "utla" + _YY + "cd", "utla", needed=False, many=True),
    Column("utla_name", "utla" + _YY + "nm", "text", needed=False, many=True),
    Column("region", "rgn" + _YY + "cd", "region", needed=False, many=True),
    Column("region_name", "rgn" + _YY + "nm", "text", needed=False, many=True),
)

LSOA_TABLE = Layout(
    "lsoa_table",
    "table of LSOAs with hierarchy and population",
    "areas",
    (
        Column("lsoa", f"lsoa{_YY}cd", "lsoa"),
        Column("lsoa_name", f"lsoa{_YY}nm", "text", needed=False),
        Column("msoa", f"msoa{_YY}cd", "msoa"),
        Column("msoa_name", f"msoa{_YY}nm", "text", needed=False),
        Column("msoa_used_name", f"msoa{_YY}hclnm", "text", needed=False),
        *_ABOVE,
        *_POINT,
        _PEOPLE,
        Column("decile", r"imd(?P<year>\d{4})_(?:(?P<domain>\w+)_)?decile", "decile", needed=False, many=True),
    ),
)

MSOA_TABLE = Layout(
    "msoa_table",
    "table of MSOAs with population",
    "areas",
    (
        Column("msoa", f"msoa{_YY}cd", "msoa"),
        Column("msoa_name", f"msoa{_YY}nm", "text", needed=False),
        Column("msoa_used_name", f"msoa{_YY}hclnm", "text", needed=False),
        *_ABOVE,
        *_POINT,
        _PEOPLE,
    ),
    signs=(r"pop\d{4}",),
    lacks=(r"lsoa\d\dcd",),
)

MSOA_NAMES = Layout(
    "msoa_names",
    "House of Commons Library MSOA names",
    "areas",
    (
        Column("msoa", f"msoa{_YY}cd", "msoa"),
        Column("msoa_name", f"msoa{_YY}nm", "text", needed=False),
        Column("msoa_used_name", f"msoa{_YY}hclnm", "text"),
    ),
    lacks=(r"lsoa\d\dcd", r"pop\d{4}"),
)

LSOA_CHANGES = Layout(
    "lsoa_changes",
    "lookup from 2011 to 2021 LSOAs",
    "changes",
    (
        Column("old", "lsoa11cd", "lsoa"),
        Column("new", "lsoa21cd", "lsoa"),
        Column("new_name", "lsoa21nm", "text", needed=False),
        Column("ltla", "lad" + _YY + "cd", "ltla", needed=False, many=True),
    ),
    lacks=("pcds", r"msoa\d\dcd"),
)

_AGE = Column("age", r"(?P<age>\d{1,2}|90\+)", "count", many=True)
_ALL_AGES = Column("all", "all ages", "count")
_LA = Column("ltla", r"la code \((?P<vintage>\d{4}) boundaries\)", "ltla", many=True)
_LA_NAME = Column("ltla_name", r"la name \((?P<vintage>\d{4}) boundaries\)", "text", needed=False, many=True)

LSOA_SHEET = Layout(
    "lsoa_sheet",
    "ONS mid-year population by LSOA and single year of age, sheet saved as CSV",
    "sheet",
    (
        Column("area", r"lsoa (?:(?P<vintage>20\d\d) )?code", "lsoa"),
        Column("area_name", r"lsoa (?:20\d\d )?name", "text", needed=False),
        _LA,
        _LA_NAME,
        _ALL_AGES,
        _AGE,
    ),
    latin1=True,
)
MSOA_SHEET = Layout(
    "msoa_sheet",
    "ONS mid-year population by MSOA and single year of age, sheet saved as CSV",
    "sheet",
    (
        Column("area", r"msoa (?:(?P<vintage>20\d\d) )?code", "msoa"),
        Column("area_name", r"msoa (?:20\d\d )?name", "text", needed=False),
        _LA,
        _LA_NAME,
        _ALL_AGES,
        _AGE,
    ),
    latin1=True,
)

LA_POPULATION = Layout(
    "la_population",
    "mid-year population by authority and five-year age band",
    "authorities",
    (
        Column("area", "area_code", "any code"),
        Column("area_name", "area_name", "text"),
        Column("geography", "geography", "text"),
        Column("all", "all_ages", "count"),
        Column("band", r"age_(?P<band>\d+_\d+|\d+plus)", "count", many=True),
    ),
)

DEPRIVATION = Layout(
    "deprivation",
    "indices of deprivation, all ranks, deciles and scores (File 7)",
    "deprivation",
    (
        Column("lsoa", r"lsoa code \((?P<vintage>20\d\d)\)", "lsoa"),
        Column("lsoa_name", r"lsoa name \(20\d\d\)", "text", needed=False),
        Column("ltla", r"local authority district code \((?P<vintage>\d{4})\)", "ltla", needed=False, many=True),
        Column("ltla_name", r"local authority district name \((?P<vintage>\d{4})\)", "text", needed=False, many=True),
        Column("score", r"(?P<domain>.+?) score\b.*", "number", many=True),
        Column("rank", r"(?P<domain>.+?) rank\b.*", "rank", many=True),
        Column("decile", r"(?P<domain>.+?) decile\b.*", "decile", many=True),
    ),
)

CQC_DIRECTORY = Layout(
    "cqc_directory",
    "Care Quality Commission directory of services",
    "settings",
    (
        Column("setting_id", r"cqc location(?: id)? \(for office use only\)?", "text"),
        Column("name", "name", "text"),
        Column("postcode", "postcode", "text"),
        Column("services", "service types", "text"),
    ),
)
CQC_LOCATIONS = Layout(
    "cqc_locations",
    "Care Quality Commission active locations, sheet saved as CSV",
    "settings",
    (
        Column("setting_id", "location id", "text"),
        Column("name", "location name", "text"),
        Column("is_care_home", r"care home\?", "text"),
        Column("postcode", "location postal code", "text"),
        Column("beds", "care homes beds", "text", needed=False),
        Column("dormant", r"dormant \(y/n\)", "text", needed=False),
        Column("opened", "location hsca start date", "text", needed=False),
    ),
    latin1=True,
)
CARE_HOME_TABLE = Layout(
    "care_home_table",
    "table of care homes from the regulator's register",
    "settings",
    (
        Column("name", "name", "text"),
        Column("services", "service_types", "text"),
        Column("postcode", "postcode", "text"),
    ),
)
SETTING_TABLE = Layout(
    "setting_table",
    "table of settings: care homes, schools, workplaces and others",
    "settings",
    (
        Column("setting_id", "setting_id", "text"),
        Column("kind", "kind|setting_type", "text"),
        Column("name", "name", "text"),
        Column("postcode", "postcode", "text"),
        Column("beds", "beds|places", "text", needed=False),
        Column("opened", "opened", "text", needed=False),
        Column("closed", "closed", "text", needed=False),
    ),
)

LAYOUTS: tuple[Layout, ...] = (
    _postcodes("onspd_2025", "ONS Postcode Directory, editions from 2025", (r"lad\d\dcd", "lsoa01cd|oa01cd")),
    _postcodes("onspd", "ONS Postcode Directory, editions to 2024", ("oslaua", "oseast1m")),
    _postcodes("nspl_2025", "National Statistics Postcode Lookup, editions from 2025", (r"lad\d\dcd", "east1m")),
    _postcodes("nspl", "National Statistics Postcode Lookup, editions to 2024", ("laua", "oseast1m")),
    _postcodes("best_fit", "ONS postcode best-fit lookup", ("ladcd", "ladnm"), latin1=True),
    _postcodes("postcode_table", "table of postcodes with small areas and grid reference", ("ladcd", "oseast1m")),
    LSOA_CHANGES,
    LSOA_TABLE,
    MSOA_TABLE,
    MSOA_NAMES,
    LSOA_SHEET,
    MSOA_SHEET,
    LA_POPULATION,
    DEPRIVATION,
    CQC_LOCATIONS,
    CQC_DIRECTORY,
    CARE_HOME_TABLE,
    SETTING_TABLE,
)

_OPEN_GOVERNMENT = "Contains public sector information licensed under the Open Government Licence v3.0."
_POSTAL = (
    "Contains OS data © Crown copyright and database right. Contains Royal Mail data © Royal Mail copyright and "
    "database right. Contains National Statistics data © Crown copyright and database right."
)
_MAPS = (
    "Contains National Statistics data © Crown copyright and database right. "
    "Contains OS data © Crown copyright and database right."
)
_PARLIAMENT = "Names of MSOAs: House of Commons Library, licensed under the Open Parliament Licence v3.0."


def attribution(*, postal: bool = False, maps: bool = False, used_names: bool = False) -> str:
    """The sentences that must be printed wherever something made from the file is shown."""
    parts = [_OPEN_GOVERNMENT]
    if postal:
        parts.append(_POSTAL)
    elif maps:
        parts.append(_MAPS)
    if used_names:
        parts.append(_PARLIAMENT)
    return " ".join(parts)
