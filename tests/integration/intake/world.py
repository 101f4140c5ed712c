"""A small world for intake: a few postcodes in two authorities, a laboratory with feeds, and good records to change."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from pathlib import Path
from typing import Any

from commonweal.apps.intake import actions, feeds, sources
from commonweal.apps.intake.actions import Receipt
from commonweal.web import db
from tests import small_places

# postcode, small area, middle area, ward, authority
POSTCODES = (
    ("LE11AA", "E01013601", "E02002803", "E05010458", "E06000016"),
    ("LE11AB", "E01013601", "E02002803", "E05010458", "E06000016"),
    ("LE20AA", "E01013702", "E02002810", "E05010460", "E06000016"),
    ("LE181AA", "E01025801", "E02005360", "E05005500", "E07000135"),
)
GOOD = {
    "record_id": "T1",
    "person_id": "P1",
    "nhs_number": "",
    "full_name": "",
    "date_of_birth": "",
    "age_years": "39",
    "sex": "female",
    "postcode": "LE1 1AA",
    "postcode_source": "given_at_test",
    "pillar": "pillar2",
    "test_route": "home_kit",
    "test_type": "pcr",
    "result": "negative",
    "symptomatic": "",
    "specimen_date": "2020-06-26T14:05",
    "reported_at": "2020-06-27T09:00:00Z",
    "revision": "1",
}


def make_places() -> None:
    """The postcodes above and their areas, loaded as official files are."""
    small_places.load(POSTCODES)


def make_laboratory(*names: str) -> dict[str, str]:
    """An organisation with feeds; returns their tokens."""
    with db.recorded("authn") as write:
        write.cursor.execute(
            "insert into access.organisation values ('lab', 'The laboratory', 'laboratory', null, %s)", [write.tick]
        )
    return {name: feeds.add(name, "lab", pathogen="covid-19") for name in names}


def record(**changes: str) -> dict[str, str]:
    """A good record with some fields changed."""
    return {**GOOD, **changes}


def as_csv(*records: dict[str, str]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(dict.fromkeys(name for each in records for name in each)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return out.getvalue().encode()


def send(body: bytes, feed: str = "lab-one", **origin: Any) -> Receipt:
    """Take bytes in as if a request had carried them."""
    provenance = sources.Provenance("http", origin.pop("label", "test"), **origin)
    return actions.take_in(feed, sources.from_body(body, provenance, is_json=False))


def send_file(path: Path, feed: str = "lab-one") -> Receipt:
    return actions.take_in(feed, sources.from_file(path, sources.Provenance("file", path.name)))


def stored(sql: str, params: Any = ()) -> list[dict[str, Any]]:
    """Rows as the backup role sees them: everything."""
    return db.rows("backup", sql, params)


def outcomes(submission: int) -> list[tuple[int, str, list[str], list[str]]]:
    rows = stored(
        "select row_number, outcome, reasons, notes from intake.outcome where submission_id = %s order by 1",
        [submission],
    )
    return [(row["row_number"], row["outcome"], row["reasons"], row["notes"]) for row in rows]


def known_at() -> datetime:
    instant: datetime = db.freeze()
    return instant
