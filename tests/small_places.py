"""A few real-looking areas and postcodes for tests of other rooms, loaded as official files are."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from commonweal.apps.places.actions import load_files
from tests.unit.places.build import ONSPD_2020, csv_bytes, postcode_row

LSOA_HEADER = ("lsoa11cd", "msoa11cd", "lad19cd", "lad19nm", "utla19cd", "utla19nm", "rgn19cd", "rgn19nm", "pop2020")
COUNTIES = {"E07000135": ("E10000018", "Leicestershire")}
NAMES = {"E06000016": "Leicester", "E06000017": "Rutland", "E07000135": "Oadby and Wigston"}
PEOPLE = 1500

Postcode = tuple[str, str, str, str, str]  # key, LSOA, MSOA, ward, lower-tier authority


def load(postcodes: Iterable[Postcode] = (), authorities: Iterable[str] = ()) -> None:
    """Load these postcodes with their areas, and a small area for each authority that would have none."""
    known = list(postcodes)
    areas = {(lsoa, msoa, ltla) for _, lsoa, msoa, _, ltla in known}
    bare = sorted(set(authorities) - {ltla for _, _, ltla in areas})
    areas |= {(f"E0109{number:04d}", f"E0209{number:04d}", ltla) for number, ltla in enumerate(bare)}
    rows = []
    for lsoa, msoa, ltla in sorted(areas):
        name = NAMES.get(ltla, ltla)
        county, county_name = COUNTIES.get(ltla, (ltla, name))
        rows.append((lsoa, msoa, ltla, name, county, county_name, "E12000004", "East Midlands", PEOPLE))
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / "lsoa11.csv"]
        paths[0].write_bytes(csv_bytes(LSOA_HEADER, rows))
        if known:
            paths.append(Path(folder) / "ONSPD_MAY_2020.csv")
            paths[1].write_bytes(csv_bytes(ONSPD_2020, [_row(*each) for each in known]))
        load_files(paths)


def _row(key: str, lsoa: str, msoa: str, ward: str, ltla: str) -> list[str]:
    county = COUNTIES.get(ltla, ("E99999999", ""))[0]
    oa = f"E00{lsoa[3:]}"
    return postcode_row(
        ONSPD_2020,
        pcds=f"{key[:-3]} {key[-3:]}",
        oa11=oa,
        lsoa11=lsoa,
        msoa11=msoa,
        ward=ward,
        ltla=ltla,
        county=county,
    )
