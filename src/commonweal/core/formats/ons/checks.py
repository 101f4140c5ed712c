"""What the values of a column must look like, and the refusal that names column, row and value.

A check is a polars expression that is true for a good value. All checks of a block run in one pass; only when one
fails is the first bad row looked for. Values arrive as text, an empty field as "".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from commonweal.core.errors import Refused
from commonweal.core.formats.ons.recognise import Recognised
from commonweal.core.places import codes

# Great Britain and the islands around it, in metres of the National Grid and in degrees (WGS84).
EASTINGS, NORTHINGS = (0, 700_000), (0, 1_300_000)
LATITUDES, LONGITUDES = (49.0, 61.5), (-9.5, 2.5)
NO_LATITUDE = 99.0  # files write 99.999999 where a position is not known
MOST_PEOPLE = 100_000_000
LSOAS_AT_MOST = 50_000

_PSEUDO_ENDING = "99999999"
_PSEUDO = f"^[A-Z]{_PSEUDO_ENDING}$"  # "does not apply here", for example a county for a unitary authority
_MONTH = "^(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])$"
_COUNT = "^(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\\.0+)?$"
_COUNTY = "^(?:E10|E11|E13)[0-9]{6}$"


@dataclass(frozen=True)
class Check:
    """True where a value is good; `heading` as in the file, `rule` completes the sentence "is not ..."."""

    name: str
    heading: str
    valid: pl.Expr
    rule: str
    few: bool  # few different values are expected, so that looking at each once is quicker


_MANY_VALUES = {"postcode", "count", "number"} | {
    f"{k} or empty" for k in ("easting", "northing", "latitude", "longitude")
}


def checks_of(recognised: Recognised, names: dict[str, int]) -> list[Check]:
    """The checks of every column that is read; `names` maps our column names to positions in the file."""
    by_position = {found.position: found for found in recognised.found}
    made = []
    for name, position in names.items():
        found = by_position[position]
        valid, rule = _rule(found.column.kind, pl.col(name).str.strip_chars())
        made.append(Check(name, found.heading, valid, rule, found.column.kind not in _MANY_VALUES))
    return made


def refuse_first_bad(frame: pl.DataFrame, checks: Sequence[Check], label: str) -> None:
    """Raise `Refused` for the first bad value of a frame with a "row" column; return when every value is good."""
    broken = [check for check in checks if not _all_good(frame, check)]
    if not broken:
        return
    firsts = [(int(frame.filter(~check.valid)["row"][0]), i) for i, check in enumerate(broken)]
    row, index = min(firsts)
    check = broken[index]
    value = frame.filter(pl.col("row") == row)[check.name][0]
    raise Refused(f"{label}, row {row}, column {check.heading}: {value[:60]!r} is not {check.rule}.")


def _all_good(frame: pl.DataFrame, check: Check) -> bool:
    values = frame.select(pl.col(check.name).unique()) if check.few else frame
    return bool(values.select(check.valid.all()).item())


def refuse_repeated(frame: pl.DataFrame, key: str | Sequence[str], heading: str, label: str) -> None:
    """Raise `Refused` when two rows have the same key; names the value and both rows."""
    keys = [key] if isinstance(key, str) else list(key)
    repeated = (pl.col(keys[0]) if len(keys) == 1 else pl.struct(keys)).is_duplicated()
    if frame.select(keys).n_unique() < frame.height:
        first = frame.filter(repeated).sort(*keys, "row").head(2)
        value = ", ".join(str(v) for v in first.select(keys).row(0))
        rows = first["row"].to_list()
        raise Refused(f"{label}, rows {rows[0]} and {rows[1]}, column {heading}: {value!r} stands twice; it is a key.")


def refuse_two_parents(pairs: pl.DataFrame, child: str, parent: str, label: str) -> None:
    """Raise `Refused` when an area belongs to two areas of the next level (columns child, parent, row)."""
    known = pairs.filter(pl.col(child).is_not_null() & pl.col(parent).is_not_null())
    firsts = known.group_by(child, parent).agg(pl.col("row").min())
    twice = firsts.filter(pl.col(child).is_duplicated()).sort(child, "row").head(2)
    if twice.height:
        area = twice[child][0]
        (one, row_one), (two, row_two) = zip(twice[parent], twice["row"], strict=True)
        raise Refused(
            f"{label}, row {row_two}, column {parent}: {area} belongs to {two} here and to {one} in row {row_one}; "
            f"it can belong to one only."
        )


def code_or_null(name: str) -> pl.Expr:
    """A code column with empty and pseudo codes as null."""
    value = pl.col(name).str.strip_chars()
    return pl.when(~value.str.ends_with(_PSEUDO_ENDING) & (value != "")).then(value).alias(name)


def count(name: str) -> pl.Expr:
    """A column of whole numbers, thousands separators allowed."""
    bare = pl.col(name).str.strip_chars().str.replace_all(",", "").str.replace("\\.0+$", "")
    return bare.cast(pl.Int64).alias(name)


def metres(name: str) -> pl.Expr:
    """An easting or northing in metres; empty and 0 mean not known."""
    value = pl.col(name).str.strip_chars().cast(pl.Float64, strict=False).round(0).cast(pl.Int32)
    return pl.when(value > 0).then(value).alias(name)


def degrees(latitude: str, longitude: str) -> tuple[pl.Expr, pl.Expr]:
    """Latitude and longitude in degrees; both null where the latitude is missing or 99.999999."""
    lat = pl.col(latitude).str.strip_chars().cast(pl.Float64, strict=False)
    long = pl.col(longitude).str.strip_chars().cast(pl.Float64, strict=False)
    known = lat < NO_LATITUDE
    return pl.when(known).then(lat).alias(latitude), pl.when(known).then(long).alias(longitude)


def _rule(kind: str, value: pl.Expr) -> tuple[pl.Expr, str]:
    """The expression and the words of one kind of value."""
    if kind.endswith(" or empty"):
        valid, rule = _rule(kind.removesuffix(" or empty"), value)
        return valid | (value == "") | value.str.contains(_PSEUDO), f"{rule}, or empty"
    if kind in codes.PREFIXES:
        return value.str.contains(codes.whole_pattern(kind)), f"{_named(kind)} code"
    if kind in _RANGES:
        low, high, words = _RANGES[kind]
        number = value.cast(pl.Float64, strict=False)
        inside = (number.is_between(low, high)).fill_null(False)
        if kind in ("decile", "rank"):
            inside = inside & (number == number.round(0)).fill_null(False)
        return (
            inside | ((number >= NO_LATITUDE) & number.is_finite()).fill_null(False)
        ) if kind == "latitude" else inside, words
    return _PATTERNS[kind](value)


_RANGES: dict[str, tuple[float, float, str]] = {
    "easting": (*EASTINGS, f"an easting in metres ({EASTINGS[0]} to {EASTINGS[1]})"),
    "northing": (*NORTHINGS, f"a northing in metres ({NORTHINGS[0]} to {NORTHINGS[1]})"),
    "latitude": (*LATITUDES, f"a latitude in degrees ({LATITUDES[0]} to {LATITUDES[1]}; 99.999999 if not known)"),
    "longitude": (*LONGITUDES, f"a longitude in degrees ({LONGITUDES[0]} to {LONGITUDES[1]})"),
    "decile": (1, 10, "a decile (1 to 10)"),
    "rank": (1, LSOAS_AT_MOST, f"a rank (1 to {LSOAS_AT_MOST})"),
    "number": (-1e9, 1e9, "a number"),
}
_PATTERNS: dict[str, Callable[[pl.Expr], tuple[pl.Expr, str]]] = {
    "postcode": lambda v: (pl.col("pcd").is_not_null(), "a postcode"),  # its key, made before the checks
    "month": lambda v: (v.str.contains(_MONTH), "a year and month (yyyymm)"),
    "0 or 1": lambda v: (v.is_in(["0", "1"]), "0 (small user) or 1 (large user)"),
    "county": lambda v: (v.str.contains(_COUNTY), "a county code"),
    "any code": lambda v: (v.str.contains(codes.WELL_FORMED), "an area code"),
    "text": lambda v: (v.is_not_null(), "text"),
    "count": lambda v: (
        v.str.contains(_COUNT) & (v.str.len_chars() < len(str(MOST_PEOPLE))),
        "a number of people (0 or more, whole)",
    ),
}


def _named(level: str) -> str:
    """ "lsoa" -> "an LSOA", "ward" -> "a ward"."""
    name = level.upper() if level.endswith(("oa", "la")) else level
    return f"{'an' if name[0] in 'OLM' else 'a'} {name}"


def refuse_bad_sum(frame: pl.DataFrame, total: str, parts: Iterable[str], heading: str, label: str) -> None:
    """Raise `Refused` when the parts of a row do not add up to its total (integer columns, and "row")."""
    off = frame.filter(pl.sum_horizontal(*parts) != pl.col(total))
    if off.height:
        added = int(off.select(pl.sum_horizontal(*parts)).item(0, 0))
        raise Refused(
            f"{label}, row {off['row'][0]}, column {heading}: {off[total][0]} is not the sum of its ages, {added}. "
            "The row may be cut off or shifted."
        )


def whole(name: str) -> pl.Expr:
    """A column of whole numbers that may be empty (null), such as a year and month."""
    return pl.col(name).str.strip_chars().cast(pl.Int32, strict=False).alias(name)
