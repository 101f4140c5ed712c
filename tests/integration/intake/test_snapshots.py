"""A snapshot made from the one before equals the sum over every change, whatever arrived in between."""

from __future__ import annotations

import random
from datetime import date, timedelta

from commonweal.web import db

from .world import as_csv, record, send, stored

SUMS = {
    "counts.snapshot_area": ("counts.delta", "scope_ltla, specimen_day, pillar, test_type, result", ""),
    "counts.snapshot_age": ("counts.delta_age", "scope_ltla, specimen_day, age_band, sex, result", ""),
    "counts.snapshot_small": (
        "counts.delta", "scope_ltla, lsoa_code, specimen_day, result",
        "where specimen_day > (select max(specimen_day) from counts.snapshot_area where as_of = %(as_of)s) - 14",
    ),
}  # fmt: skip


def test_snapshots_follow_one_another_and_agree_with_all_changes(tokens: dict[str, str]) -> None:
    rng, number = random.Random(3), 0
    for step in range(6):
        newest = date(2020, 6, 20) + timedelta(days=(0, 20, 20, 60, 61, 61)[step])
        records = []
        for _ in range(12):
            number += 1
            day = newest - timedelta(days=rng.randrange(50))
            records.append(
                record(
                    record_id=f"N{rng.randrange(40)}", person_id=f"P{rng.randrange(9)}", revision=str(number),
                    specimen_date=day.isoformat(), reported_at="2020-10-01T09:00:00Z",
                    result=rng.choice(["positive", "negative"]), postcode=rng.choice(["LE1 1AA", "LE2 0AA", "LE18 1AA"]),
                )
            )  # fmt: skip
        send(as_csv(*records))
        as_of = db.value("app", "select counts.make_snapshot(1)")
        for table, (facts, columns, where) in SUMS.items():
            kept = stored(f"select {columns}, n from {table} where as_of = %s order by {columns}", [as_of])
            added = db.rows(
                "backup",
                f"select {columns}, sum(n)::bigint as n from {facts} {where} group by {columns}"
                f" having sum(n) <> 0 order by {columns}",
                {"as_of": as_of},
            )
            if table == "counts.snapshot_small" and step:
                assert kept == [], "once a day"
                continue
            assert kept == added, (step, table)
            assert kept
    db.value("migrate", "select counts.take_snapshot(commonweal.now() + interval '2 days')")
    kept, added = (
        stored(f"select {columns}, {n} as n from {source} group by {columns} having {n} <> 0 order by {columns}")
        for n, source in (
            ("sum(n)::bigint", "counts.snapshot_small where as_of = (select max(as_of) from counts.snapshot)"),
            (
                "sum(n)::bigint",
                "counts.delta where specimen_day > (select max(specimen_day) from counts.snapshot_area where"
                " as_of = (select max(as_of) from counts.snapshot)) - 14",
            ),
        )
        for columns in ["scope_ltla, lsoa_code, specimen_day, result"]
    )
    assert kept == added != [], "the second small one follows from the first"
