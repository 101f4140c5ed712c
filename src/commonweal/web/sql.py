"""Runs a room's SQL files as Django migrations: the SQL is the source, Django keeps the order."""

from __future__ import annotations

from pathlib import Path

from django.db.migrations.operations import RunSQL

__all__ = ["run_sql_file"]


def run_sql_file(migration_file: str, name: str) -> RunSQL:
    """The operation that runs `sql/<name>` of the room whose migration asks. There is no way back: facts only grow."""
    text = (Path(migration_file).parent.parent / "sql" / name).read_text(encoding="utf-8")
    return RunSQL([(text, None)], reverse_sql=RunSQL.noop)
