"""Which demonstration runs: its places, what was sent before it opens, and what arrives while it runs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Protocol

import polars as pl

from commonweal.synthetic.linelist import csv_bytes

SEED = 20200629
RUTLAND = "E06000017"  # LE postcodes and the outlines reach into it
SWEPT_DAYS_BEFORE = (1, 2)
HISTORY_STEPS = 10  # the last days before the demonstration opens become known day by day


@dataclass(frozen=True)
class Sent:
    """What one feed sends at one moment: UTC, a label, and a CSV."""

    at: datetime
    feed: str
    label: str
    body: bytes


class Story(Protocol):
    """A demonstration's content. `begins` is where the space's clock starts, `opens` where the demonstration does."""

    space: str
    kind: str
    title: str
    begins: datetime
    opens: datetime
    visited: tuple[str, ...]  # authorities that a visitor may sit in, the first one first; empty: any
    swept: frozenset[datetime]  # mornings before it opens on which signals were looked for: they have a past

    def place_files(self, folder: Path) -> list[Path]: ...

    def feeds(self) -> tuple[str, ...]: ...

    def history(self) -> Iterator[Sent]: ...

    def arriving(self, since: datetime) -> Iterator[Sent]: ...

    def published(self, folder: Path, since: datetime | None, until: datetime) -> list[Path]:
        """Files of series that were published after one moment's day, up to another's."""
        ...


class FictionalCity:
    """Larkminster and Wrenshire, an outbreak in full course at `opens`."""

    space, kind, title = "demo", "exercise", "the fictional city of Larkminster and the county of Wrenshire"
    visited: tuple[str, ...] = ()

    def __init__(self, opens: datetime) -> None:
        from commonweal.synthetic.live import demo_outbreak

        self.opens = opens
        self.begins = opens - timedelta(days=HISTORY_STEPS)
        self.swept = frozenset(opens - timedelta(days=day) for day in SWEPT_DAYS_BEFORE)
        self._outbreak = demo_outbreak(SEED, opens)

    def place_files(self, folder: Path) -> list[Path]:
        from commonweal.synthetic.place_files import write_places

        return write_places(self._outbreak.world, folder)

    def feeds(self) -> tuple[str, ...]:
        from commonweal.synthetic.linelist import FEEDS

        return FEEDS

    def history(self) -> Iterator[Sent]:
        from commonweal.synthetic.linelist import as_text
        from commonweal.synthetic.outbreak import sent_messages

        messages = sent_messages(self._outbreak)
        edge = None
        for step in range(HISTORY_STEPS + 1):
            until = self.begins + timedelta(days=step)
            naive = until.astimezone(UTC).replace(tzinfo=None)
            chosen = messages.filter(pl.col("sent") <= naive)
            if edge is not None:
                chosen = chosen.filter(pl.col("sent") > edge)
            for feed in self.feeds():
                rows = chosen.filter(pl.col("feed") == feed)
                if rows.height:
                    yield Sent(until, feed, f"{feed}-{until:%Y-%m-%d}.csv", csv_bytes(as_text(rows)))
            edge = naive

    def arriving(self, since: datetime) -> Iterator[Sent]:
        from commonweal.synthetic.live import live

        for batch in live(SEED, since, hours=24 * 8, outbreak=self._outbreak):
            label = f"{batch.feed}-{batch.at:%Y-%m-%dT%H%M}.csv"
            yield Sent(batch.at, batch.feed, label, csv_bytes(batch.rows))

    def published(self, folder: Path, since: datetime | None, until: datetime) -> list[Path]:
        return []


class Leicester2020:
    """Leicester and Leicestershire as published counts have it: history to 28 May 2020, then day by day."""

    space, kind, title = "leicester", "replay", "Leicester and Leicestershire in 2020, rebuilt from published counts"
    visited: tuple[str, ...] = ("E06000016", "E10000018")
    begins = datetime(2020, 2, 24, 6, tzinfo=UTC)
    opens = datetime(2020, 6, 18, 6, tzinfo=UTC)
    ends = datetime(2020, 8, 1, 6, tzinfo=UTC)
    daily_from = datetime(2020, 5, 28, 6, tzinfo=UTC)
    swept = frozenset(datetime(2020, 6, day, 6, tzinfo=UTC) for day in (1, 3, 5, 8, 11, 14, 17))

    def __init__(self, data: Path) -> None:
        from commonweal.synthetic.leicester import leicester_replay

        self._data = data
        self._replay = leicester_replay(data)

    def place_files(self, folder: Path) -> list[Path]:
        stand_ins = folder / "postcodes_stand_in.csv"
        # A rate for places from which no record can come would be no rate.
        small_areas, middle_areas = folder / "lsoa11.csv", folder / "msoa11.csv"
        for path in (small_areas, middle_areas):
            every = pl.read_csv(self._data / "lsoa_england" / f"{path.stem}_england.csv.gz", infer_schema=False)
            every.filter(pl.col("utla19cd").is_in((*self.visited, RUTLAND))).write_csv(path)
        self._replay.stand_in_postcodes.write_csv(stand_ins)
        return [
            small_areas,
            middle_areas,
            self._data / "boundaries_leicestershire" / "lad19_leics_rutland.geojson.gz",
            self._data / "boundaries_leicestershire" / "msoa11_leics_rutland.geojson.gz",
            self._data / "boundaries_leicestershire" / "lsoa11_leics_rutland.geojson.gz",
            self._data / "postcodes_le" / "postcodes_le.csv.gz",
            stand_ins,
        ]

    def feeds(self) -> tuple[str, ...]:
        from commonweal.synthetic.linelist import FEEDS

        return FEEDS

    def history(self) -> Iterator[Sent]:
        yield from self._between(None, self.daily_from)
        day = self.daily_from
        while day < self.opens:
            yield from self._between(day, day + timedelta(days=1))
            day += timedelta(days=1)

    def arriving(self, since: datetime) -> Iterator[Sent]:
        hour = since
        while hour < self.ends:
            yield from self._between(hour, hour + timedelta(hours=1))
            hour += timedelta(hours=1)

    def published(self, folder: Path, since: datetime | None, until: datetime) -> list[Path]:
        """The national dashboard's cases by specimen day as published, of the places of the story."""
        source = self._data / "utla_cases_vintages_2020" / "triangle_utla.csv.gz"
        if not source.is_file():
            return []
        first, last = date.min if since is None else since.date(), until.date()
        rows = pl.read_csv(source, try_parse_dates=True).filter(
            pl.col("area_code").is_in((*self.visited, RUTLAND))
            & (pl.col("published") <= last)
            & (pl.col("published") > first)
        )
        if rows.is_empty():
            return []
        path = folder / f"published-{last}.csv"
        rows.write_csv(path)
        return [path]

    def _between(self, after: datetime | None, until: datetime) -> Iterator[Sent]:
        records = self._replay.records
        chosen = records.filter(pl.col("held_since") <= until.replace(tzinfo=None))
        if after is not None:
            chosen = chosen.filter(pl.col("held_since") > after.replace(tzinfo=None))
        from commonweal.synthetic.linelist import as_text

        for feed in self.feeds():
            rows = chosen.filter(pl.col("feed") == feed)
            if rows.height:
                yield Sent(until, feed, f"{feed}-{until:%Y-%m-%dT%H%M}.csv", csv_bytes(as_text(rows)))


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder for the files that a story writes."""
    return tempfile.TemporaryDirectory(prefix="commonweal-demo-")
