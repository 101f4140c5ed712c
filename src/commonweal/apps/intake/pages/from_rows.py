"""From rows of the queries to the values that pages are built of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from commonweal.apps.intake.pages.feeds import FeedRow, SubmissionRow
from commonweal.apps.intake.pages.late import Question
from commonweal.apps.intake.pages.orphans import OrphanRow
from commonweal.apps.intake.pages.outcomes import balance_of
from commonweal.core.pictures import DelayRow

Row = Mapping[str, Any]
PARTS = ("to_laboratory", "to_sender", "to_platform", "to_opened")


def feed_row(row: Row) -> FeedRow:
    return FeedRow(row["name"], row["owner"], row["state"], row["reason"], row["newest"], balance_of(row))


def submission_row(row: Row) -> SubmissionRow:
    return SubmissionRow(
        row["id"],
        row["feed"],
        row["label"],
        row["channel"],
        row["received_at"],
        row["sent_by"] or "",
        balance_of(row),
        row["held_since"],
        row["held_by"] or "",
    )


def orphan_row(row: Row) -> OrphanRow:
    return OrphanRow(**row)


def question(row: Row) -> Question:
    return Question(**{name: row[name] for name in row if name != "holder_id"})


def delay_rows(rows: Sequence[Row], place: str) -> tuple[list[DelayRow], list[tuple[date, DelayRow]]]:
    """Delays of each feed over all days, and of each feed and day, newest day first. Parts weigh by results."""
    by_feed: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_feed[row["feed"]].append(row)
    feeds = [joined(name, found, place) for name, found in sorted(by_feed.items())]
    days = [(row["day"], joined(row["feed"], [row], place)) for row in rows]
    return feeds, sorted(days, key=lambda pair: (-pair[0].toordinal(), pair[1].name))


def joined(name: str, rows: Sequence[Row], place: str) -> DelayRow:
    hours = tuple(weighted(rows, part) for part in PARTS)
    return DelayRow(name, sum(row["results"] for row in rows), hours, holders(rows[0], place))


def weighted(rows: Sequence[Row], part: str) -> float | None:
    """Mean of a part over days, each weighing by its results; None where no day states it."""
    stated = [(row[part], row["results"]) for row in rows if row[part] is not None]
    weight = sum(results for _, results in stated)
    return sum(value * results for value, results in stated) / weight if weight else None


def holders(row: Row, place: str) -> tuple[str, ...]:
    """Who held results in each stage. Nobody states who carries a swab; its sender answers for it."""
    owner = row["owner"]
    return (f"{owner} and its couriers", owner, row["held_by"] or owner, f"the offices of {place}")
