"""The fictional county written as the official files are, so that the ordinary loading of places reads it.

| file | layout |
| --- | --- |
| `ONSPD_MAY_2020.csv` | ONS Postcode Directory as of 2020, one row a postcode, live and ended |
| `lsoa11.csv` | 2011 small areas: hierarchy, points, population by age band, ethnic group, deprivation |
| `msoa11.csv` | the same summed to middle areas, with a population-weighted point |
| `population_mid2020.csv` | population of authorities by five-year age band |
| `msoa_names.csv` | House of Commons Library names of middle areas |
| `boundaries_lsoa11.geojson`, also `msoa11`, `ward`, `lad19`, `utla19` | one feature an area |
| `care_homes.csv` | the care-home directory of the Care Quality Commission, preamble included |
| `settings.csv` | our own: workplaces, schools and homes with postcodes |
| `more/river.geojson` | our own: the river |
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import polars as pl

from commonweal.synthetic import geojson
from commonweal.synthetic.chance import Ints, hashed_share
from commonweal.synthetic.geography import CITY_CODE, COUNTRY_CODE, NO_COUNTY_CODE, REGION_CODE, RURAL_CLASS
from commonweal.synthetic.linelist import csv_bytes
from commonweal.synthetic.placenames import REGION
from commonweal.synthetic.settings import CARE_HOME, SETTING_TYPES
from commonweal.synthetic.world import World

ONSPD_2020 = (
    "pcd", "pcd2", "pcds", "dointr", "doterm", "oscty", "ced", "oslaua", "osward", "parish", "usertype",
    "oseast1m", "osnrth1m", "osgrdind", "oshlthau", "nhser", "ctry", "rgn", "streg", "pcon", "eer", "teclec",
    "ttwa", "pct", "nuts", "statsward", "oa01", "casward", "park", "lsoa01", "msoa01", "ur01ind", "oac01", "oa11",
    "lsoa11", "msoa11", "wz11", "ccg", "bua11", "buasd11", "ru11ind", "oac11", "lat", "long", "lep1", "lep2",
    "pfa", "imd", "calncv", "stp",
)  # fmt: skip
LSOA_BANDS = (("0_15", 0, 15), ("16_29", 16, 29), ("30_44", 30, 44), ("45_64", 45, 64), ("65plus", 65, 200))
FIVE_YEAR_BANDS = (*(f"age_{low}_{low + 4}" for low in range(0, 90, 5)), "age_90plus")
ETHNIC_SHARES = {  # of the 2011 census table: white, asian, black, mixed, other, by kind of neighbourhood
    "white": (0.42, 0.50, 0.72, 0.90, 0.95),
    "asian": (0.36, 0.34, 0.19, 0.05, 0.02),
    "black": (0.12, 0.09, 0.04, 0.02, 0.01),
    "mixed": (0.06, 0.04, 0.03, 0.02, 0.01),
}
DIRECTORY_COLUMNS = (
    "Name", "Also known as", "Address", "Postcode", "Phone number", "Service's website (if available)", "Service types",
    "Date of latest check", "Specialisms/services", "Provider name", "Local authority", "Region", "Location URL",
    "CQC Location ID (for office use only)", "CQC Provider ID (for office use only)",
)  # fmt: skip
DIRECTORY_PREAMBLE = "Fictional care homes for demonstrations and tests\nNo entry is a real home\n\n\n"


def write_places(world: World, folder: Path) -> list[Path]:
    """Write every file of the table above into a folder (made if need be).

    Returns: the paths to load, in the order of the table; the files under `more/` are written and not among them.
    """
    (folder / "more").mkdir(parents=True, exist_ok=True)
    official, more = _official(world), _more(world)
    for name, body in (official | more).items():
        (folder / name).write_bytes(body)
    return [folder / name for name in official]


def _official(world: World) -> dict[str, bytes]:
    lsoas = lsoa_table(world)
    contents = {
        "ONSPD_MAY_2020.csv": csv_bytes(onspd(world)),
        "lsoa11.csv": csv_bytes(lsoas),
        "msoa11.csv": csv_bytes(msoa_table(lsoas)),
        "population_mid2020.csv": csv_bytes(la_population(world)),
        "msoa_names.csv": csv_bytes(msoa_names(world)),
        "care_homes.csv": care_home_directory(world).encode(),
        "settings.csv": csv_bytes(settings_table(world)),
    }
    for level, label in (
        ("lsoa", "lsoa11"),
        ("msoa", "msoa11"),
        ("ward", "ward"),
        ("lad", "lad19"),
        ("utla", "utla19"),
    ):
        contents[f"boundaries_{label}.geojson"] = geojson.text(geojson.boundaries(world.geography, level)).encode()
    return contents


def _more(world: World) -> dict[str, bytes]:
    return {
        "more/river.geojson": geojson.text(geojson.river(world.geography)).encode(),
    }


def onspd(world: World) -> pl.DataFrame:
    """The postcode directory; columns of no use here are there and empty, as the layout wants."""
    areas = world.geography.lsoas
    postcodes, at = world.geography.postcodes, world.geography.postcodes["lsoa"]
    place = {
        name: areas[name].gather(at) for name in ("lsoa11cd", "msoa11cd", "lad_code", "utla_code", "ward_code", "kind")
    }
    outward, inward = postcodes["pcds"].str.head(-4), postcodes["pcds"].str.tail(3)
    known = {
        "pcd": outward.str.pad_end(4) + inward,
        "pcd2": outward.str.pad_end(5) + inward,
        "pcds": postcodes["pcds"],
        "dointr": postcodes["dointr"],
        "doterm": postcodes["doterm"].cast(pl.String).replace("0", ""),
        "oscty": place["utla_code"].replace(CITY_CODE, NO_COUNTY_CODE),
        "oslaua": place["lad_code"],
        "osward": place["ward_code"],
        "usertype": postcodes["usertype"],
        "oseast1m": postcodes["bng_e"],
        "osnrth1m": postcodes["bng_n"],
        "osgrdind": pl.Series(["1"]).new_from_index(0, len(postcodes)),
        "ctry": pl.Series([COUNTRY_CODE]).new_from_index(0, len(postcodes)),
        "rgn": pl.Series([REGION_CODE]).new_from_index(0, len(postcodes)),
        "oa11": postcodes["oa11cd"],
        "lsoa11": place["lsoa11cd"],
        "msoa11": place["msoa11cd"],
        "ru11ind": pl.Series(RURAL_CLASS).gather(place["kind"]),
        "lat": postcodes["lat"],
        "long": postcodes["long"],
        "imd": _rank(world).gather(at),
    }
    empty = pl.Series([""]).new_from_index(0, len(postcodes))
    table = pl.DataFrame({name: known.get(name, empty) for name in ONSPD_2020})
    return table.sort("pcd")


def _rank(world: World) -> pl.Series:
    """A rank among 32,844 small areas, as the directory gives it, in the decile of the small area."""
    decile = world.geography.column("decile")
    within = np.argsort(np.argsort(-world.geography.lsoas["deprivation"].to_numpy(), kind="stable"), kind="stable")
    return pl.Series((decile - 1) * 3284 + 1 + within * 3000 // len(decile))


def lsoa_table(world: World) -> pl.DataFrame:
    """Small areas with the people who live there on the world's day."""
    areas, people = world.geography.lsoas, world.people
    ages = people.ages(world.on)
    count = np.bincount(people.lsoa, minlength=len(areas))
    bands = {
        f"pop2020_{name}": np.bincount(people.lsoa[(ages >= low) & (ages <= high)], minlength=len(areas))
        for name, low, high in LSOA_BANDS
    }
    kind, decile = world.geography.column("kind"), world.geography.column("decile")
    groups = {name: np.floor(np.array(shares)[kind] * count).astype(np.int64) for name, shares in ETHNIC_SHARES.items()}
    nearby = {name: _near_decile(world.seed, name, decile) for name in ("health", "employment", "living_env")}
    return areas.select(
        "lsoa11cd", "lsoa11nm", "msoa11cd", "msoa11nm", "msoa11hclnm",
        pl.col("lad_code").alias("lad19cd"), pl.col("lad_name").alias("lad19nm"), pl.col("lad_code").alias("lad21cd"),
        pl.col("utla_code").alias("utla19cd"), pl.col("utla_name").alias("utla19nm"),
        pl.lit(REGION_CODE).alias("rgn19cd"), pl.lit(REGION).alias("rgn19nm"), pl.lit("E38999901").alias("ccg21cd"),
        "bng_e", "bng_n", "long", "lat", "area_m2", pl.Series(RURAL_CLASS).gather(kind).alias("ruc11cd"),
        pl.Series("pop2020", count), *(pl.Series(name, values) for name, values in bands.items()),
        pl.Series("census2011_all", count),
        *(pl.Series(f"census2011_{name}", values) for name, values in groups.items()),
        pl.Series("census2011_other", count - np.sum(list(groups.values()), axis=0)),
        pl.col("decile").alias("imd2019_decile"),
        *(pl.Series(f"imd2019_{name}_decile", values) for name, values in nearby.items()),
        pl.Series("income_score_2019", np.round(0.02 + 0.4 * areas["deprivation"].to_numpy() ** 1.5, 3)),
        _rank(world).alias("income_rank_2019"),
    )  # fmt: skip


def _near_decile(seed: int, name: str, decile: Ints) -> Ints:
    """A decile of another domain: the same, or one up or down."""
    step = np.floor(hashed_share(seed, name, np.arange(len(decile))) * 3).astype(np.int64) - 1
    near: Ints = np.clip(decile + step, 1, 10)
    return near


def msoa_table(lsoas: pl.DataFrame) -> pl.DataFrame:
    """Middle areas: sums of the small areas, and the mean of their points by population."""
    keys = ["msoa11cd", "msoa11nm", "msoa11hclnm", "lad19cd", "lad19nm", "utla19cd", "rgn19cd"]
    weighted = [
        ((pl.col(name) * pl.col("pop2020")).sum() / pl.col("pop2020").sum())
        .round()
        .cast(pl.Int64)
        .alias(f"{name}_popw")
        for name in ("bng_e", "bng_n")
    ]
    sums = [pl.col("pop2020").sum(), *(pl.col(f"pop2020_{name}").sum() for name, _, _ in LSOA_BANDS)]
    return lsoas.group_by(keys, maintain_order=True).agg(pl.len().alias("n_lsoa"), *sums, *weighted)


def la_population(world: World) -> pl.DataFrame:
    """Authorities, the county and the region by five-year age band."""
    areas, people = world.geography.lsoas, world.people
    band = np.minimum(people.ages(world.on) // 5, len(FIVE_YEAR_BANDS) - 1)
    rows = []
    for code_column, name_column, label in (("lad_code", "lad_name", None), ("utla_code", "utla_name", "County")):
        for code, name in (
            areas.select(code_column, name_column).unique(maintain_order=True).sort(code_column).iter_rows()
        ):
            here = (areas[code_column] == code).to_numpy()[people.lsoa]
            geography = label or ("Unitary Authority" if code == CITY_CODE else "Non-metropolitan District")
            if label is None or code != CITY_CODE:
                rows.append((code, name, geography, np.bincount(band[here], minlength=len(FIVE_YEAR_BANDS))))
    rows.append((REGION_CODE, REGION, "Region", np.bincount(band, minlength=len(FIVE_YEAR_BANDS))))
    columns = {"area_code": [r[0] for r in rows], "area_name": [r[1] for r in rows], "geography": [r[2] for r in rows]}
    counts = np.stack([row[3] for row in rows])
    by_band = {name: counts[:, number] for number, name in enumerate(FIVE_YEAR_BANDS)}
    return pl.DataFrame(columns | {"all_ages": counts.sum(axis=1)} | by_band)


def msoa_names(world: World) -> pl.DataFrame:
    """The House of Commons Library's table; the columns of Welsh names are empty."""
    unique = world.geography.lsoas.unique("msoa11cd", keep="first", maintain_order=True).sort("msoa11cd")
    return unique.select(
        "msoa11cd", "msoa11nm", pl.lit("").alias("msoa11nmw"), "msoa11hclnm", pl.lit("").alias("msoa11hclnmw"),
        pl.col("lad_name").alias("Laname"),
    )  # fmt: skip


def settings_table(world: World) -> pl.DataFrame:
    """Workplaces, schools and care homes: setting_type, setting_id, name, postcode, jobs, beds."""
    table = world.settings.table
    return table.select(
        pl.Series("setting_type", SETTING_TYPES).gather(table["kind"]),
        "setting_id", "name",
        world.geography.postcodes["pcds"].gather(table["postcode"]).alias("postcode"),
        "jobs", "beds",
    )  # fmt: skip


def care_home_directory(world: World) -> str:
    """Care homes as the regulator's directory lists them."""
    homes = world.settings.table.filter(pl.col("kind") == CARE_HOME)
    postcodes = world.geography.postcodes["pcds"].gather(homes["postcode"])
    authorities = world.geography.lsoas["utla_name"].gather(homes["lsoa"])
    areas = world.geography.lsoas["msoa11hclnm"].gather(homes["lsoa"])
    text = io.StringIO()
    text.write(DIRECTORY_PREAMBLE)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(DIRECTORY_COLUMNS)
    for number, (name, setting_id, postcode, authority, area) in enumerate(
        zip(homes["name"], homes["setting_id"], postcodes, authorities, areas, strict=True)
    ):
        services = "Nursing homes|Residential homes" if number % 3 == 0 else "Residential homes"
        writer.writerow(
            [name, "", area, postcode, f"01632 960{number % 1000:03d}", "", services, "",
             "Caring for adults over 65 yrs", f"{area} Care (fictional)", authority, REGION, "", setting_id,
             f"1-{998_000_001 + number}"]
        )  # fmt: skip
    return text.getvalue()
