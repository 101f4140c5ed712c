"""What must hold of places in a running installation."""

from __future__ import annotations

from commonweal.web import db
from commonweal.web.checks import Check


def postcodes_follow_their_versions() -> list[str]:
    """Postcodes in force against what their versions amount to."""
    wrong = db.value("backup", "select places.postcode_differences()")
    return (
        [f"{wrong:,} postcodes in force differ from their versions; places.rebuild_postcodes() mends it."]
        if wrong
        else []
    )


def facts_have_their_file() -> list[str]:
    """Facts on places whose file is not there."""
    rows = db.rows("backup", "select * from places.orphans() where rows_without_dataset > 0")
    return [f"places.{row['name']}: {row['rows_without_dataset']:,} rows belong to no file." for row in rows]


def postcodes_have_an_authority() -> list[str]:
    """Postcodes in use that no authority answers for: their records would wait in nobody's scope."""
    row = db.one(
        "backup",
        "select count(*) as n, min(pcd) as first from places.postcode_current"
        " where scope_ltla is null and not terminated and (ltla_code is not null or lsoa_code is not null)",
    )
    if not row or not row["n"]:
        return []
    return [f"{row['n']:,} postcodes in use have no authority to scope by (the first is {row['first']})."]


CHECKS = [
    Check("postcodes in force follow their versions", "traceability", postcodes_follow_their_versions, thorough=True),
    Check("facts on places belong to a file", "traceability", facts_have_their_file, thorough=True),
    Check("postcodes in use have an authority", "place-scoped access", postcodes_have_an_authority, thorough=True),
]
