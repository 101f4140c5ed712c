"""Results arriving, minute by minute, for a demonstration: history up to now, then batches in the order of sending.

Nothing here knows what time it is: the caller says when the demonstration starts and waits between batches as it likes
(at their own pace, or faster).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl

from commonweal.core.errors import Refused
from commonweal.synthetic.linelist import FEEDS, as_text
from commonweal.synthetic.outbreak import Outbreak, make_outbreak, sent_messages
from commonweal.synthetic.world import World, make_world

HISTORY_DAYS, DAYS_AHEAD = 70, 8


@dataclass(frozen=True)
class LiveBatch:
    """What one feed sends in one minute. at: UTC; rows: as `line_list` gives them, at least one."""

    at: datetime
    feed: str
    rows: pl.DataFrame


def demo_outbreak(seed: int, now: datetime, *, scale: float = 1.0, world: World | None = None) -> Outbreak:
    """An outbreak that is in full course at `now`: 70 days behind it, eight days ahead, clusters still growing.

    Parameters: now: an instant with a zone; world: one made before (else made here from seed and scale).
    Raises Refused for a `now` without a zone.
    """
    if now.tzinfo is None:
        raise Refused(f"The time {now.isoformat()} has no zone. Give an instant, such as one in UTC.")
    today = now.astimezone(UTC).date()
    world = world or make_world(seed, scale, today)
    return make_outbreak(world, seed, today - timedelta(days=HISTORY_DAYS), HISTORY_DAYS + DAYS_AHEAD)


def live(
    seed: int, start: datetime, *, hours: float = 24.0, scale: float = 1.0, outbreak: Outbreak | None = None
) -> Iterator[LiveBatch]:
    """Batches sent after `start`, for `hours` hours: one a feed and minute with something to send, in order of time.

    `line_list(outbreak, until=start)` is exactly what was sent before the first batch. The demo outbreak of the seed is
    made when none is given. After seven days little more arrives, because its specimens end on the eighth.
    """
    outbreak = outbreak or demo_outbreak(seed, start, scale=scale)
    begin = start.astimezone(UTC).replace(tzinfo=None)
    ahead = sent_messages(outbreak).filter(
        (pl.col("sent") > begin) & (pl.col("sent") <= begin + timedelta(hours=hours))
    )
    for (minute,), rows in ahead.partition_by("sent", as_dict=True, maintain_order=True).items():
        for feed in FEEDS:
            mine = rows.filter(pl.col("feed") == feed)
            if len(mine):
                yield LiveBatch(minute.replace(tzinfo=UTC), feed, as_text(mine))
