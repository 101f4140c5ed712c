"""*Feeds*, one feed, and *Submission*: who sends, what became of it, what can be mended."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commonweal.apps.intake.pages import outcomes as said
from commonweal.apps.intake.pages.outcomes import WORDS
from commonweal.apps.intake.pages.reasons import explained
from commonweal.core import wording
from commonweal.core.intake.balance import Balance
from commonweal.core.pictures import Column, PictureTable
from commonweal.core.pictures.table import Cell
from commonweal.web import times
from commonweal.web.pages import Empty, Help, Link, Page, Pager, ShownTable

ASK = "The organisation that owns the feed; for the rules, the operator of this service."
HELP_FEEDS = Help("The ways by which laboratories and other organisations send records to Commonweal.", WORDS, ASK)
HELP_SUBMISSION = Help("One file, body or record as it was sent, and what became of each of its records.", WORDS, ASK)
TALLY_COLUMNS = ("Received", "Accepted", "Duplicate", "Superseded", "Rejected", "Pending")
STATES = {"open": "open", "paused": "paused", "closed": "closed"}


@dataclass(frozen=True)
class FeedRow:
    """A feed with its newest submission and the records of the last seven days."""

    name: str
    owner: str
    state: str
    state_reason: str
    newest: datetime | None
    week: Balance


@dataclass(frozen=True)
class SubmissionRow:
    """One submission as sent."""

    number: int
    feed: str
    label: str
    channel: str
    received_at: datetime
    sent_by: str
    tally: Balance
    held_since: datetime | None = None
    held_by: str = ""


@dataclass(frozen=True)
class Feeds:
    page: Page
    sentence: str
    next_step: Link | None
    table: ShownTable | None
    empty: Empty


@dataclass(frozen=True)
class Feed:
    page: Page
    name: str
    facts: tuple[tuple[str, str], ...]
    sentence: str
    table: ShownTable | None
    pager: Pager
    actions: tuple[Link, ...]
    empty: Empty


@dataclass(frozen=True)
class Submission:
    page: Page
    sentence: str
    facts: tuple[tuple[str, str], ...]
    filters: tuple[Link, ...]
    rows: ShownTable | None
    pager: Pager
    mend: tuple[Link, ...]
    empty: Empty


def build_feeds(rows: Sequence[FeedRow], now: datetime) -> Feeds:
    """All feeds, the one that has not sent for longest first."""
    today = times.local(now).date()
    sent = sum(1 for row in rows if row.newest is not None and times.local(row.newest).date() == today)
    waiting = sum((row.week for row in rows), Balance())
    sentence = f"{sent} of {wording.counted(len(rows), 'feed', 'feeds')} sent today."
    if waiting.rejected:
        rejected = wording.counted(waiting.rejected, "record was", "records were")
        sentence += f" {rejected} rejected in seven days and can be mended."
    ordered = sorted(rows, key=lambda row: (row.newest is not None, row.newest or now, row.name))
    worst = max(rows, key=lambda row: row.week.rejected, default=None)
    step = Link(f"Mend what {worst.name} sent", f"/feeds/{worst.name}") if worst and worst.week.rejected else None
    columns = (
        Column("Feed", numeric=False),
        Column("Owner", numeric=False),
        Column("State", numeric=False),
        Column("Newest submission", numeric=False),
        *(Column(f"{name}, 7 days") for name in TALLY_COLUMNS),
    )
    cells: tuple[tuple[Cell, ...], ...] = tuple(
        (row.name, row.owner, state(row), times.when(row.newest, now) if row.newest else "never", *said.cells(row.week))
        for row in ordered
    )
    links = tuple(f"/feeds/{row.name}" for row in ordered)
    table = ShownTable(
        PictureTable("Feeds, those silent for longest first", columns, cells), links=links, identity="feeds"
    )
    return Feeds(
        Page("Feeds", HELP_FEEDS),
        sentence,
        step,
        table if rows else None,
        Empty("No feed is set up yet.", "An operator adds one for each organisation that sends results."),
    )


def state(row: FeedRow) -> str:
    word = STATES.get(row.state, row.state)
    return word if row.state == "open" else f"{word}: {row.state_reason}"


def build_feed(
    row: FeedRow, submissions: Sequence[SubmissionRow], pager: Pager, now: datetime, *, may_send: bool
) -> Feed:
    """One feed with its submissions, newest first."""
    columns = (
        Column("Received", numeric=False),
        Column("What", numeric=False),
        *(Column(name) for name in TALLY_COLUMNS),
    )
    cells: tuple[tuple[Cell, ...], ...] = tuple(
        (times.when(each.received_at, now), each.label, *said.cells(each.tally)) for each in submissions
    )
    links = tuple(f"/submissions/{each.number}" for each in submissions)
    title = f"What {row.name} sent"
    table = ShownTable(PictureTable(title, columns, cells), links=links, identity="submissions")
    facts = (
        ("Owner", row.owner),
        ("State", state(row)),
        ("Newest submission", times.when(row.newest, now) if row.newest else "never"),
    )
    return Feed(
        Page(f"Feed {row.name}", HELP_FEEDS, (Link("Feeds", "/feeds"), Link(row.name, ""))),
        row.name,
        facts,
        f"In the last seven days: {said.sentence(row.week)}",
        table if submissions else None,
        pager,
        (
            *((Link("Upload a file to this feed", f"/feeds/{row.name}/upload"),) if may_send else ()),
            Link("What a record holds", "/line-list"),
        ),
        Empty("This feed has sent nothing yet.", "Each submission appears here as soon as it is taken in."),
    )


def build_submission(
    row: SubmissionRow,
    outcomes: Sequence[Mapping[str, Any]],
    pager: Pager,
    now: datetime,
    *,
    chosen: str = "",
    may_mend: Collection[str] = (),
) -> Submission:
    """One submission; ``outcomes`` are rows row_number, outcome, reasons, notes; ``may_mend`` the outcomes whose rows
    the reader may open."""
    columns = (Column("Row"), Column("Outcome", numeric=False), Column("Why, and what to do", numeric=False))
    cells: tuple[tuple[Cell, ...], ...] = tuple(
        (each["row_number"], each["outcome"], explained(each["outcome"], each["reasons"], each["notes"]))
        for each in outcomes
    )
    title = f"Records that were {chosen}" if chosen else "Every record, in the order sent"
    base = f"/submissions/{row.number}"
    names = ["accepted", "duplicate", "superseded", "rejected", "pending"]
    filters = [Link(f"All ({wording.thousands(row.tally.received)})", base, current=not chosen)]
    filters += [
        Link(
            f"{name.capitalize()} ({wording.thousands(getattr(row.tally, name))})",
            f"{base}?outcome={name}",
            current=chosen == name,
        )
        for name in names
        if getattr(row.tally, name)
    ]
    mend = tuple(
        Link(
            f"Download {wording.counted(getattr(row.tally, name), 'row', 'rows')} {what}",
            f"{base}/{name}-rows.csv",
        )
        for name, what in (("rejected", "rejected with a reason"), ("pending", "waiting for a place"))
        if name in may_mend and getattr(row.tally, name)
    )
    return Submission(
        Page(
            f"Submission {row.number}",
            HELP_SUBMISSION,
            (Link("Feeds", "/feeds"), Link(row.feed, f"/feeds/{row.feed}"), Link(str(row.number), "")),
        ),
        said.sentence(row.tally),
        submission_facts(row),
        tuple(filters),
        ShownTable(PictureTable(title, columns, cells), identity="outcomes") if outcomes else None,
        pager,
        mend,
        Empty("This submission held no record.", "It is kept so that sending it again is recognised."),
    )


def submission_facts(row: SubmissionRow) -> tuple[tuple[str, str], ...]:
    facts = [("Feed", row.feed), ("Received", times.moment(row.received_at)), ("As", f"{row.label} ({row.channel})")]
    if row.sent_by:
        facts.append(("Sent by", row.sent_by))
    if row.held_since is not None:
        by = f" by {row.held_by}" if row.held_by else ""
        facts.append(("Held before", f"since {times.moment(row.held_since)}{by}"))
    return tuple(facts)
