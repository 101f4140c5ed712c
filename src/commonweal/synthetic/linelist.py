"""The line list as laboratories send it: every column text, as a CSV carries it, with the faults of real feeds.

Two feeds: hospital laboratories (pillar 1) and the national programme (pillars 2 and 4). Each has its own record and
person numbers, so one person tested by both is the same person only by NHS number or by name, birth date and postcode.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import polars as pl

from commonweal.core.errors import Refused
from commonweal.synthetic.chance import Ints

# the fields of the line list that a laboratory fills; the others are derived from the postcode, stamped on arrival, or
# belong to tracing and incidents
LABORATORY_FIELDS = (
    "record_id", "person_id", "nhs_number", "full_name", "date_of_birth", "age_years", "sex",
    "address_line", "postcode", "postcode_source", "ethnic_group", "occupation", "workplace_name",
    "workplace_postcode", "language", "phone", "email", "pillar", "test_route", "test_type", "result",
    "symptomatic", "onset_date", "specimen_date", "lab_received_at", "reported_at", "setting_type",
    "setting_id", "revision",
)  # fmt: skip
HOSPITAL_FEED, NATIONAL_FEED = "hospital-laboratories", "national-testing"
FEEDS = (HOSPITAL_FEED, NATIONAL_FEED)


def as_text(records: pl.DataFrame) -> pl.DataFrame:
    """Records with typed columns as the text of a CSV, columns exactly LABORATORY_FIELDS.

    Parameters: records with columns named like the fields. date_of_birth and onset_date are dates; specimen is a London
    wall-clock datetime, date_only says that only its day is known; lab_received and reported are UTC datetimes;
    symptomatic a boolean; age_years and revision whole numbers; all others strings.
    """
    day, minute = "%Y-%m-%d", "%Y-%m-%dT%H:%M"
    specimen = (
        pl.when("date_only").then(pl.col("specimen").dt.strftime(day)).otherwise(pl.col("specimen").dt.strftime(minute))
    )
    written = records.with_columns(
        specimen.alias("specimen_date"),
        pl.col("lab_received").dt.strftime(minute + ":%SZ").alias("lab_received_at"),
        pl.col("reported").dt.strftime(minute + ":%SZ").alias("reported_at"),
        pl.col("date_of_birth", "onset_date").dt.strftime(day),
        pl.when("symptomatic")
        .then(pl.lit("true"))
        .when(~pl.col("symptomatic"))
        .then(pl.lit("false"))
        .alias("symptomatic"),
        pl.col("age_years", "revision").cast(pl.String),
    )
    return written.select(pl.col(LABORATORY_FIELDS).cast(pl.String).fill_null(""))


def datetimes(minutes: Ints) -> pl.Series:
    """Minutes since 1970-01-01 as datetimes without a zone."""
    return pl.Series(np.asarray(minutes, dtype=np.int64) * 60_000).cast(pl.Datetime("ms"))


def dates(days: Ints, missing: int | None = None) -> pl.Series:
    """Day numbers as dates; null where a day equals `missing`."""
    series = pl.Series(np.asarray(days, dtype=np.int64))
    if missing is not None:
        series = series.zip_with(series != missing, pl.Series([None], dtype=pl.Int64).new_from_index(0, len(series)))
    return series.cast(pl.Int32).cast(pl.Date)


def csv_bytes(rows: pl.DataFrame) -> bytes:
    """A UTF-8 CSV with a header row; texts with commas or quotes are quoted, empty ones are nothing."""
    return rows.with_columns(pl.when(pl.col(pl.String) != "").then(pl.col(pl.String)).name.keep()).write_csv().encode()


def write_line_list(path: Path, rows: pl.DataFrame) -> int:
    """Write a line list as CSV, gzipped when the name ends in .gz; returns the number of rows.

    The same rows give the same bytes (the gzip header carries no time and no name). Raises Refused for another suffix.
    """
    if path.suffix not in (".csv", ".gz"):
        raise Refused(f"The file name {path.name} ends in neither .csv nor .csv.gz. Choose one of these.")
    body = csv_bytes(rows)
    path.write_bytes(gzip.compress(body, compresslevel=3, mtime=0) if path.suffix == ".gz" else body)
    return len(rows)
