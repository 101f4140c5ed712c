"""Tiny official files in every layout, made here: real columns, invented rows."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Sequence
from datetime import date

from commonweal.core.formats.ons import OfficialFile, open_official


def columns(header: str) -> list[str]:
    """The headings of a header as published."""
    return header.split(",")


ONSPD = columns(
    "pcd,pcd2,pcds,dointr,doterm,oscty,ced,oslaua,osward,parish,usertype,oseast1m,osnrth1m,osgrdind,oshlthau,nhser,ctry,"
    "rgn,streg,pcon,eer,teclec,ttwa,pct,itl,statsward,oa01,casward,park,lsoa01,msoa01,ur01ind,oac01,oa11,lsoa11,msoa11,"
    "wz11,sicbl,bua11,buasd11,ru11ind,oac11,lat,long,lep1,lep2,pfa,imd,calncv,icb,oa21,lsoa21,msoa21"
)
ONSPD_2020 = [
    {"itl": "nuts", "sicbl": "ccg", "icb": "stp"}.get(c, c) for c in ONSPD if c not in ("oa21", "lsoa21", "msoa21")
]
ONSPD_2025 = columns(
    "pcd7,pcd8,pcds,dointr,doterm,cty25cd,ced25cd,lad25cd,wd25cd,parncp25cd,usrtypind,east1m,north1m,gridind,hlth19cd,"
    "nhser24cd,ctry25cd,rgn25cd,ssr95cd,pcon24cd,eer20cd,educ23cd,ttwa15cd,pco19cd,itl25cd,wdstl05cd,oa01cd,wdcas03cd,"
    "npark16cd,lsoa01cd,msoa01cd,ruc01ind,oac01ind,oa11cd,lsoa11cd,msoa11cd,wz11cd,bua24cd,ruc11ind,oac11ind,lat,long,"
    "lep21cd1,lep21cd2,pfa23cd,imd20ind,cal24cd,oa21cd,lsoa21cd,msoa21cd,ruc21ind,icb23cd"
)
NSPL_2025 = columns(
    "pcd7,pcd8,pcds,dointr,doterm,usrtypind,east1m,north1m,gridind,oa21cd,cty25cd,ced25cd,lad25cd,wd25cd,nhser24cd,"
    "ctry25cd,rgn25cd,pcon24cd,ttwa15cd,itl25cd,npark16cd,lsoa21cd,msoa21cd,wz11cd,sicbl24cd,bua24cd,ruc21ind,oac11ind,"
    "lat,long,lep21cd1,lep21cd2,pfa23cd,imd20ind,icb23cd"
)
NSPL_2026 = [
    {"imd20ind": "imd25ind", "oac11ind": "oac21ind"}.get(c, c.replace("25cd", "26cd").replace("24cd", "26cd"))
    for c in NSPL_2025
]
NSPL = columns(
    "pcd,pcd2,pcds,dointr,doterm,usertype,oseast1m,osnrth1m,osgrdind,oa11,cty,ced,laua,ward,hlthau,nhser,ctry,rgn,pcon,"
    "eer,teclec,ttwa,pct,itl,npark,lsoa11,msoa11,wz11,ccg,bua11,buasd11,ru11ind,oac11,lat,long,lep1,lep2,pfa,imd"
)
BEST_FIT = columns(
    "pcd7,pcd8,pcds,dointr,doterm,usertype,oa11cd,lsoa11cd,msoa11cd,ladcd,lsoa11nm,msoa11nm,ladnm,ladnmw"
)
POSTCODE_TABLE = columns("pcds,dointr,doterm,usertype,oa11cd,lsoa11cd,msoa11cd,ladcd,oseast1m,osnrth1m,lat,long")

VALUES = {
    "pcds": "LE1 1AA",
    "dointr": "201909",
    "doterm": "",
    "usertype": "1",
    "usrtypind": "1",
    "oa11": "E00169534",
    "oa21": "E00185000",
    "lsoa11": "E01032873",
    "lsoa21": "E01035000",
    "msoa11": "E02006851",
    "msoa21": "E02007000",
    "ltla": "E06000016",
    "ward": "E05010466",
    "county": "E99999999",
    "region": "E12000004",
    "country": "E92000001",
    "easting": "459318",
    "northing": "304176",
    "lat": "52.6321",
    "long": "-1.125",
}
_OURS = {
    "oslaua": "ltla",
    "laua": "ltla",
    "ladcd": "ltla",
    "osward": "ward",
    "oscty": "county",
    "cty": "county",
    "rgn": "region",
    "ctry": "country",
    "oseast1m": "easting",
    "east1m": "easting",
    "osnrth1m": "northing",
    "north1m": "northing",
}
_STEMS = {"lad": "ltla", "wd": "ward", "cty": "county", "rgn": "region", "ctry": "country"}


def ours(heading: str) -> str:
    """Our name of an official heading, or the heading itself."""
    bare = heading.removesuffix("cd")
    if heading.endswith("cd") and bare[:-2] in _STEMS and bare[-2:].isdigit() and bare[-2:] != "05":
        return _STEMS[bare[:-2]]
    return _OURS.get(heading, bare if bare in VALUES else heading)


def postcode_row(header: Sequence[str], **changed: str) -> list[str]:
    """One good row for a header, with values changed by our names."""
    values = {**VALUES, **changed}
    return [values.get(ours(heading), "x") for heading in header]


def csv_bytes(
    header: Sequence[str], rows: Iterable[Sequence[object]], preamble: Iterable[Sequence[object]] = ()
) -> bytes:
    """A CSV file as bytes."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([*preamble, header, *rows])
    return text.getvalue().encode()


def packed(data: bytes) -> bytes:
    """The same, gzipped."""
    return gzip.compress(data)


def opened(data: bytes, label: str = "file.csv", edition: date | None = None, piece: int = 1000) -> OfficialFile:
    """Open bytes as a file would be, in small pieces."""
    return open_official((data[i : i + piece] for i in range(0, len(data), piece)), label, edition)
