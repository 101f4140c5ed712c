"""Checking records: text columns in, typed columns and machine-readable reasons out, all rows at once.

A value that the counts need must be right, else the record is rejected. A value that is only carried is kept as it
was received, with a note. A record without a usable postcode waits. Reasons and notes read `field:code`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from commonweal.core.intake import texts, times
from commonweal.core.intake.obvious import SEPARATOR
from commonweal.core.intake.pathogen import PathogenPack
from commonweal.core.intake.rules import Fate, Rule, rules_of, typed
from commonweal.core.intake.schema import LineList

__all__ = ["Checked", "Checker", "Fate"]

LINKING = {"link_nhs": pl.String, "link_name": pl.String, "link_born": pl.Date}


@dataclass(frozen=True)
class Checked:
    """The answer for one chunk, row by row.

    `frame` has one column a value: typed fields (null where there is none or it could not be read; a datetime field as
    `…_date` and `…_at`), sealed fields as text, the derived fields as sent, LINKING (normal forms for linking) and
    `content` (the canonical text of all that was read, for telling duplicates). `fate` holds a Fate a row, `reasons`
    why it is rejected or waits, `notes` what is odd about it all the same. `unread` holds, by row and field, texts that
    could not be read and did not reject the record.
    """

    frame: pl.DataFrame
    fate: npt.NDArray[np.uint8]
    reasons: pl.Series
    notes: pl.Series
    unread: dict[int, dict[str, str]]


class Checker:
    """The rules of one line list and one pathogen, ready for any number of chunks.

    `test_sites` are postcodes in normal form known to be places of testing, never homes.
    """

    def __init__(self, line_list: LineList, pack: PathogenPack, *, test_sites: frozenset[str] = frozenset()) -> None:
        self.line_list = line_list
        self.pack = pack
        self._test_sites = test_sites
        self._open = [field for field in line_list.read if not field.sealed]
        self._moments = [field.id for field in self._open if field.type == "datetime"]
        self._field_rules = [rule for field in self._open for rule in rules_of(field)]

    def check(self, frame: pl.DataFrame, *, now: datetime) -> Checked:
        """Check one chunk of text columns (stripped, null where empty). `now` has a zone; no time may lie after it."""
        work = self._values(frame)
        rules = [*self._field_rules, *self._cross_rules(now)]
        hits = work.select(rule.test.fill_null(value=False).alias(str(place)) for place, rule in enumerate(rules))
        found = [place for place in range(len(rules)) if hits[str(place)].any()]
        fate = np.zeros(work.height, np.uint8)
        for place in found:
            rows = hits[str(place)].to_numpy()
            fate[rows] = np.maximum(fate[rows], rules[place].fate)
        return Checked(
            frame=work.select([*self._output(), self._content(work).alias("content")]),
            fate=fate,
            reasons=_lists(hits, [place for place in found if rules[place].fate != Fate.GOOD], rules),
            notes=_lists(hits, [place for place in found if rules[place].fate == Fate.GOOD], rules),
            unread=_unread(work, hits, [place for place in found if rules[place].unread], rules),
        )

    def _values(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Text columns under `x:text`, and beside them every typed value."""
        text = frame.select(pl.col(name).alias(f"{name}:text") for name in self.line_list.ids)
        values = [
            typed(field, text[f"{field.id}:text"]).alias(field.id) for field in self._open if field.type != "datetime"
        ]
        work = text.hstack(values)
        for field in self._moments:
            work = times.with_instants(times.with_written(work, field), field)
        work = work.with_columns(
            texts.nhs_number(frame["nhs_number"]).alias("link_nhs"),
            texts.names(frame["full_name"]).alias("link_name"),
            times.day(pl.col("date_of_birth:text")).alias("birth_date:written"),
        )
        return work.with_columns(self._birth_date()).with_columns(self._ages())

    def _birth_date(self) -> pl.Expr:
        """The birth date, if it can be one of somebody tested on the specimen date."""
        born, taken = pl.col("birth_date:written"), pl.col("specimen_date")
        oldest = self.line_list["age_years"].maximum
        possible = (born <= taken) & (times.whole_years(born, taken) <= oldest)
        return pl.when(possible).then(born).alias("link_born")

    def _ages(self) -> list[pl.Expr]:
        worked_out = times.whole_years(pl.col("link_born"), pl.col("specimen_date"))
        given = pl.col("age_years")
        age = pl.when(pl.col("age_years:text").is_null()).then(worked_out).otherwise(given)
        return [age.alias("age_years"), (given - worked_out).abs().alias("age:difference")]

    def _cross_rules(self, now: datetime) -> Iterator[Rule]:
        """Rules over several fields: keys, ages, the order of times, the place."""
        longest = self.line_list.longest_key
        nobody = pl.col("person_id").is_null() & pl.col("link_nhs").is_null()
        no_age = pl.col("age_years:text").is_null() & pl.col("age_years").is_null()
        yield Rule("record_id:too_long", Fate.REJECTED, pl.col("record_id").str.len_chars() > longest)
        yield Rule("person_id:too_long", Fate.REJECTED, pl.col("person_id").str.len_chars() > longest)
        yield Rule("person_id:missing", Fate.REJECTED, nobody)
        yield Rule("age_years:missing", Fate.REJECTED, no_age)
        yield Rule("age_years:differs_from_birth_date", Fate.GOOD, pl.col("age:difference") > 1)
        yield from self._time_rules(now)
        yield from self._postcode_rules()
        yield from self._identifier_notes()

    def _time_rules(self, now: datetime) -> Iterator[Rule]:
        latest, today = now + timedelta(minutes=self.line_list.clock_skew_minutes), times.london_day(now)
        taken_at, taken = pl.col("specimen_at"), pl.col("specimen_date")
        future = (taken_at > latest) | (taken > today)
        yield Rule("specimen_date:future", Fate.REJECTED, future)
        yield Rule("specimen_date:too_early", Fate.REJECTED, taken < self.pack.earliest_specimen)
        yield from self._swap_rules(future.fill_null(value=False))
        for stem, fate in (("reported", Fate.REJECTED), ("lab_received", Fate.GOOD)):
            at, on = pl.col(f"{stem}_at"), pl.col(f"{stem}_date")
            yield Rule(f"{stem}_at:before_specimen", fate, (at < taken_at) | (on < taken))
            yield Rule(f"{stem}_at:future", fate, (at > latest) | (on > today))
        yield Rule("onset_date:future", Fate.GOOD, pl.col("onset_date") > today)

    def _swap_rules(self, future: pl.Expr) -> Iterator[Rule]:
        """Day and month exchanged: a reason beside a date that cannot be, a note on one that is improbably late."""
        taken, reported = pl.col("specimen_date"), pl.col("reported_date")
        exchanged = times.day_and_month_exchanged(pl.col("specimen_date:day"))
        near = (reported - exchanged).dt.total_days().is_between(0, self.line_list.swap_near_days)
        late = (reported - taken).dt.total_days() > self.line_list.swap_late_days
        no_date = pl.col("specimen_date:text").str.contains(times.SWAPPED_SHAPE)
        yield Rule("specimen_date:day_month_swapped?", Fate.REJECTED, no_date | (future & near))
        yield Rule("specimen_date:day_month_swapped?", Fate.GOOD, late & near & ~future)

    def _postcode_rules(self) -> Iterator[Rule]:
        code = pl.col("postcode")
        shaped, pseudo = code.str.contains(texts.POSTCODE_SHAPE), code.str.contains(texts.PSEUDO_SHAPE)
        foreign = code.str.contains(texts.FOREIGN_SHAPE) & ~shaped
        yield Rule("postcode:missing", Fate.WAITS, pl.col("postcode:text").is_null())
        yield Rule("postcode:no_fixed_address", Fate.WAITS, pseudo)
        yield Rule("postcode:foreign", Fate.WAITS, foreign)
        yield Rule("postcode:not_a_postcode", Fate.WAITS, ~shaped & ~pseudo & ~foreign)
        if self._test_sites:
            yield Rule("postcode:test_site", Fate.WAITS, code.is_in(sorted(self._test_sites)))

    def _identifier_notes(self) -> Iterator[Rule]:
        """Identifiers that cannot be used for linking; their text is sealed like any other."""
        nhs, born, written = pl.col("nhs_number:text"), pl.col("date_of_birth:text"), pl.col("birth_date:written")
        impossible = written.is_not_null() & pl.col("link_born").is_null() & pl.col("specimen_date").is_not_null()
        yield Rule("nhs_number:check_digit", Fate.GOOD, nhs.is_not_null() & pl.col("link_nhs").is_null())
        yield Rule("date_of_birth:not_a_date", Fate.GOOD, born.is_not_null() & written.is_null())
        yield Rule("date_of_birth:impossible", Fate.GOOD, impossible)

    def _output(self) -> list[pl.Expr]:
        columns: list[pl.Expr] = []
        for field in self.line_list.fields:
            if field.sealed or field.derived:
                columns.append(pl.col(f"{field.id}:text").alias(field.id))
            elif field.type == "datetime":
                columns += [pl.col(times.day_column(field.id)), pl.col(times.instant_column(field.id))]
            else:
                columns.append(pl.col(field.id))
        return [*columns, *(pl.col(name) for name in LINKING)]

    def _content(self, work: pl.DataFrame) -> pl.Expr:
        """What was read, in one canonical text: equal for two records exactly when every value read is equal."""
        parts: list[pl.Expr] = []
        for field in self.line_list.read:
            text = pl.col(f"{field.id}:text")
            empty = work[f"{field.id}:text"].null_count()
            if empty == work.height:
                parts.append(pl.lit(""))
                continue
            if field.sealed or field.type == "string":
                part = text
            elif field.type == "datetime":
                at, on = pl.col(times.instant_column(field.id)), pl.col(times.day_column(field.id))
                part = pl.coalesce(_number(at), _number(on), text)
            elif field.type in ("date", "integer", "boolean"):
                part = pl.coalesce(_number(pl.col(field.id)), text)
            else:
                part = pl.coalesce(pl.col(field.id).cast(pl.String), text)
            parts.append(pl.when(text.is_not_null()).then(part).otherwise(pl.lit("")) if empty else part)
        return pl.concat_str(parts, separator=SEPARATOR)


def _number(value: pl.Expr) -> pl.Expr:
    return value.to_physical().cast(pl.Int64).cast(pl.String)


def _lists(hits: pl.DataFrame, places: list[int], rules: list[Rule]) -> pl.Series:
    """For each row the reasons of the rules that hit it, in the order of the rules, each once."""
    words = np.zeros(hits.height, np.int64)
    if len(places) > 62:
        raise AssertionError(f"{len(places)} kinds of reasons in one chunk do not fit one word of bits")
    for bit, place in enumerate(places):
        words |= hits[str(place)].to_numpy().astype(np.int64) << bit
    values, inverse = np.unique(words, return_inverse=True)
    lists = [
        list(dict.fromkeys(rules[place].reason for bit, place in enumerate(places) if int(value) >> bit & 1))
        for value in values
    ]
    return pl.Series("reasons", lists, dtype=pl.List(pl.String)).gather(inverse)


def _unread(work: pl.DataFrame, hits: pl.DataFrame, places: list[int], rules: list[Rule]) -> dict[int, dict[str, str]]:
    kept: dict[int, dict[str, str]] = {}
    for place in places:
        field = rules[place].unread
        if field is None:
            continue
        rows = np.flatnonzero(hits[str(place)].to_numpy())
        for row, text in zip(rows.tolist(), work[f"{field}:text"].gather(rows).to_list(), strict=True):
            kept.setdefault(row, {})[field] = text
    return kept
