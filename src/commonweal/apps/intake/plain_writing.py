"""Plain records of a large chunk copied straight to where they stay; `core.intake.plain` says which ones are plain."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl
import psycopg

from commonweal.apps.intake.copying import Column, as_binary, copy_bytes, copy_columns
from commonweal.apps.intake.prefetch import ahead
from commonweal.core.intake.pathogen import PathogenPack
from commonweal.core.intake.plain import LOCATED, Known, Numbers, Plain, divide, notes_of
from commonweal.core.intake.rows import CARRIED, INSTANTS
from commonweal.core.intake.staging import Staged

# PostgreSQL counts microseconds from 2000-01-01
TO_2000 = 946_684_800_000_000
OF_A_CASE = (
    "scope_ltla", "lsoa_code", "msoa_code", "pillar", "test_type", "age_band", "sex", "setting_type", "setting_id",
)  # fmt: skip
COUNTED = ("scope_ltla", "lsoa_code", "specimen_date", "pillar", "test_type", "result", "age_band", "sex")
# Sought records of which any version is stored or waits; `offset 0` keeps a lookup a lookup. Of a feed with few waiting
# records these are hashed once a chunk: looking each record up among them took as long as among all that are stored.
MANY_WAITING = 200_000
FEW_WAIT = "select count(*) < %s from (select from intake.orphan where feed = %s limit %s) waiting"
MET_RECORDS = """
select s.place from sought_record s
 where exists (select from record.record_key k
                where k.feed_number = %s and k.record_hash = s.record_hash offset 0)
    or {waits}"""
AMONG_FEW = "s.record_hash in (select o.record_hash from intake.orphan o where o.feed = %s)"
AMONG_MANY = "exists (select from intake.orphan o where o.feed = %s and o.record_hash = s.record_hash offset 0)"
# sought identifiers that are there, with the component they lie in now and what is known of it: one text, since a row
# for each would take longer to fetch than to find
MET_IDENTIFIERS = """
select string_agg(concat(s.number, ',', k.id, ',', k.root, ',', k.birth, ',', k.sex), E'\n')
  from sought_identifier s
 cross join lateral (
   select encode(uuid_send(l.id), 'hex') as id, encode(uuid_send(c.root), 'hex') as root,
          encode(case when r.id is null then c.birth else r.birth end, 'hex') as birth,
          case when r.id is null then c.sex else r.sex end as sex
     from identity.link l
     join identity.component c on c.id = l.component
     left join identity.component r on r.id = nullif(c.root, c.id)
    where l.hash = s.hash offset 0) k"""
LOCATE = """
select p.pcd, c.scope_ltla, c.lsoa_code, c.msoa_code, c.ward_code, c.ltla_code, c.utla_code
  from unnest(%s::text[]) as p (pcd)
 cross join lateral (select * from places.postcode_current c where c.pcd = p.pcd offset 0) c"""
MET_COLUMNS = {"number": pl.Int64, "id": pl.String, "root": pl.String, "birth": pl.String, "sex": pl.String}

Table = tuple[str, dict[str, Column]]


def sought(staged: Staged) -> dict[str, bytes]:
    """What is asked of the database about a chunk, ready to be copied."""
    keyed = staged.rows.filter(pl.col("record_hash").is_not_null())
    identifiers = staged.linked.identifiers
    return {
        "sought_record": as_binary({"place": keyed["place"], "record_hash": keyed["record_hash"]}),
        "sought_identifier": as_binary({name: identifiers[name] for name in ("number", "hash")}),
    }


class PlainWriting:
    """The plain way of one open transaction, into one submission."""

    def __init__(self, cursor: Any, submission: int, feed: str, feed_number: int) -> None:
        self._cursor = cursor
        self.submission = submission
        self._feed = feed
        self._feed_number = feed_number
        cursor.execute("select intake.make_plain_staging(), intake.make_plain_positive()")
        cursor.execute(
            "select current_setting('commonweal.open_tick')::bigint, date_trunc('month', commonweal.now())::date"
        )
        self._tick, self._month = cursor.fetchone()
        cursor.execute(FEW_WAIT, [MANY_WAITING, feed, MANY_WAITING])
        self._waits = AMONG_FEW if cursor.fetchone()[0] else AMONG_MANY
        self._located = pl.DataFrame(schema=dict.fromkeys(("pcd", *LOCATED), pl.String))
        self._asked: set[str] = set()

    def put(self, staged: Staged, asked: dict[str, bytes]) -> Staged:
        """Store what is plain; returns the rest. All of it, when another submission was first with a new person."""
        copy_bytes(self._cursor, "sought_record", ("place", "record_hash"), asked["sought_record"], "binary")
        copy_bytes(self._cursor, "sought_identifier", ("number", "hash"), asked["sought_identifier"], "binary")
        plain, others = divide(staged, Known(self._met_records(), self._met_identifiers(), self._locate(staged)))
        if plain.rows.is_empty() or not self._copy_links(plain):
            self._cursor.execute("select intake.store_plain()")
            return staged
        ids = self._new_ids(plain.rows.height)
        for table, columns, rows in ahead(
            (table, tuple(columns), as_binary(columns)) for table, columns in self._tables(plain, staged, ids)
        ):
            copy_bytes(self._cursor, table, columns, rows, "binary")
        self._cursor.execute("select intake.store_plain()")
        return others

    def _met_records(self) -> Any:
        self._cursor.execute(MET_RECORDS.format(waits=self._waits), [self._feed_number, self._feed])
        return np.array([place for (place,) in self._cursor.fetchall()], np.int64)

    def _met_identifiers(self) -> pl.DataFrame:
        self._cursor.execute(MET_IDENTIFIERS)
        text = self._cursor.fetchone()[0]
        if text is None:
            met = pl.DataFrame(schema=MET_COLUMNS)
        else:
            met = pl.read_csv(io.BytesIO(text.encode()), has_header=False, schema=MET_COLUMNS)
        return met.with_columns(pl.col("id", "root", "birth").str.decode("hex"))

    def _locate(self, staged: Staged) -> pl.DataFrame:
        """Where the postcodes of the chunk lie; each is asked for once a submission."""
        new = set(staged.rows["pcd"].drop_nulls().unique().to_list()) - self._asked
        if new:
            self._cursor.execute(LOCATE, [sorted(new)])
            found = pl.DataFrame(self._cursor.fetchall(), schema=self._located.schema, orient="row")
            self._located, self._asked = pl.concat([self._located, found]), self._asked | new
        return self._located

    def _copy_links(self, plain: Plain) -> bool:
        """New components and links; False, and nothing done, when another submission was first with some of them."""
        tick = {"tick_id": np.full(len(plain.links["id"]), self._tick, np.int64)}
        self._cursor.execute("savepoint plain_links")
        try:
            components = plain.components
            ticks = np.full(len(components["id"]), self._tick, np.int64)
            copy_columns(self._cursor, "identity.component", {**components, "tick_id": ticks})
            copy_columns(self._cursor, "identity.link", {**plain.links, **tick})
        except psycopg.errors.UniqueViolation:
            self._cursor.execute("rollback to savepoint plain_links")
            return False
        self._cursor.execute("release savepoint plain_links")
        return True

    def _new_ids(self, height: int) -> Numbers:
        self._cursor.execute("select array_agg(nextval('record.result_id')) from generate_series(1, %s)", [height])
        return np.array(self._cursor.fetchone()[0], np.int64)

    def _tables(self, plain: Plain, staged: Staged, ids: Numbers) -> Iterator[Table]:
        """What else is written, table by table; made while the one before is copied, so nothing here asks anything."""
        rows, height = plain.rows, plain.rows.height
        tick = np.full(height, self._tick, np.int64)
        feed_number = np.full(height, self._feed_number, np.int32)
        month = pl.repeat(self._month, height, dtype=pl.Date, eager=True)
        yield from self._noted(plain, ids)
        order = rows["record_hash"].arg_sort().to_numpy()
        yield (
            "record.record_key",
            {
                "feed_number": feed_number,
                **{name: rows[name].gather(order) for name in ("record_hash", "revision", "content_hash")},
                "result_id": ids[order],
                "known_month": month,
                "tick_id": tick,
            },
        )
        yield (
            "intake.outcome",
            {
                "submission_id": np.full(height, self.submission, np.int64),
                "row_number": rows["row_number"],
                "outcome": pl.repeat("accepted", height, eager=True),
                "result_id": ids,
                "notes": notes_of(rows),
                "tick_id": tick,
            },
        )
        kept = np.isin(np.asarray(staged.sealed["place"]), rows["place"].to_numpy())
        chosen = np.flatnonzero(kept).tolist()
        yield (
            "plain_sealed",
            {
                "result_id": ids,
                "scope_ltla": rows["scope_ltla"],
                "key_id": pl.Series(staged.sealed["key_id"]).filter(pl.Series(kept)),
                **{name: [staged.sealed[name][place] for place in chosen] for name in ("wrapped_key", "payload")},
            },
        )
        values = {name: rows[name] - TO_2000 if name in INSTANTS else rows[name] for name in CARRIED}
        yield (
            "plain_result",
            {
                "id": ids,
                "known_month": month,
                "tick_id": tick,
                "feed_number": feed_number,
                "record_hash": rows["record_hash"],
                "revision": rows["revision"],
                "person_id": plain.person,
                "link_id": plain.link,
                **{name: rows[name] for name in LOCATED},
                "postcode": rows["pcd"],
                **{name: column for name, column in values.items() if column.null_count() < height},
            },
        )

    def _noted(self, plain: Plain, ids: Numbers) -> Iterator[Table]:
        """For counts and cases at the end: what changed, and results that may start a case."""
        counted = plain.rows.group_by(COUNTED, maintain_order=True).len("n").with_columns(pl.col("n").cast(pl.Int32))
        yield "counted", {name: counted[name] for name in (*COUNTED, "n")}
        positive = (plain.rows["result"] == "positive").to_numpy()
        rows = plain.rows.filter(pl.Series(positive))
        yield (
            "plain_positive",
            {
                "component": plain.person[positive],
                "result_id": ids[positive],
                "feed_number": np.full(rows.height, self._feed_number, np.int32),
                "episode_start": rows["specimen_date"],
                **{name: rows[name] for name in OF_A_CASE},
            },
        )

    def count(self, packs: Sequence[PathogenPack]) -> int:
        """Cases told by one plain result each; whoever needs more than that is noted as touched. Returns how many."""
        written = 0
        self._cursor.execute("select intake.part_plain_positives()")
        for pack in packs:
            self._cursor.execute("select intake.work_out_plain_cases(%s, %s)", [pack.id, list(pack.case_test_types)])
            written += self._cursor.fetchone()[0]
        self._cursor.execute("truncate plain_positive")
        return written
