"""The Leicester replay as files, for those who want to look at it or send it by hand."""

from __future__ import annotations

from pathlib import Path

from commonweal.synthetic.leicester.build import Replay
from commonweal.synthetic.linelist import FEEDS, write_line_list


def write_replay(replay: Replay, folder: Path) -> list[Path]:
    """Write one line list a feed, the times of knowledge, the stand-in postcodes and the reconciliation report.

    Returns the paths: `hospital-laboratories.csv.gz`, `national-testing.csv.gz`, `known.csv` (record_id, held_since,
    local_at, public_at; UTC), `stand_in_postcodes.csv` (to load as places), `reconciliation.csv`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{feed}.csv.gz" for feed in FEEDS]
    for feed, path in zip(FEEDS, paths, strict=True):
        write_line_list(path, replay.line_list(feed))
    known = replay.records.select("record_id", "held_since", "local_at", "public_at")
    tables = {
        "known.csv": known,
        "stand_in_postcodes.csv": replay.stand_in_postcodes,
        "reconciliation.csv": replay.report,
    }
    for name, table in tables.items():
        table.write_csv(folder / name, datetime_format="%Y-%m-%dT%H:%M:%SZ")
    return [*paths, *(folder / name for name in tables)]
