"""*Why was this late?*: who held results for how long, and the reason that the holder has to give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from commonweal.core import wording
from commonweal.core.desk.hours import after_working_days
from commonweal.core.pictures import Column, DelayRow, Delays, PictureTable, draw_delays
from commonweal.core.pictures.delays import STAGES
from commonweal.web import times
from commonweal.web.pages import Computed, Empty, Help, Link, Page, ShownPicture, ShownTable

WORKING_DAYS = 2
HELP = Help(
    "How long results took from the swab to the first person here who opened them, and who held them.",
    (
        ("Swab to laboratory", "Until the laboratory received the sample."),
        ("Laboratory to sender", "Until the result was issued."),
        ("Sender to platform", "Until it was sent here and could be seen."),
        ("Platform to first opened", "Until somebody responsible for the place opened it."),
        ("Longest holder", "Who held the results for the longest part. It is asked for the reason."),
    ),
    "The organisation named as longest holder.",
)


@dataclass(frozen=True)
class Question:
    """A reason asked for: of whom, about which feed and day; and the answer, once there is one."""

    number: int
    feed: str
    day: date
    stage: int
    holder: str
    asked_by: str
    asked_at: datetime
    due: datetime
    answer: str = ""
    answered_at: datetime | None = None
    answered_by: str = ""

    def state(self, now: datetime) -> str:
        if self.answered_at is not None:
            late = ", after its due time" if self.answered_at > self.due else ""
            return f"answered {times.when(self.answered_at, now)}{late}"
        return (
            f"unanswered, was due {times.when(self.due, now)}" if self.due < now else f"due {times.when(self.due, now)}"
        )


@dataclass(frozen=True)
class Askable:
    """A feed's day whose longest holder can be asked, and the words on the button."""

    feed: str
    day: date
    text: str


@dataclass(frozen=True)
class Late:
    page: Page
    sentence: str
    picture: ShownPicture | None
    by_day: ShownTable | None
    questions: tuple[Question, ...]
    said: Mapping[int, str]
    may_ask: bool
    answerable: frozenset[int]
    askable: tuple[Askable, ...]
    empty: Empty


def due_at(asked_at: datetime, holidays: frozenset[date]) -> datetime:
    """Two working days later at the same London time: Saturdays, Sundays and the given holidays do not count."""
    return after_working_days(asked_at, WORKING_DAYS, holidays, times.LONDON)


def build(
    place: str,
    period: str,
    feeds: Sequence[DelayRow],
    days: Sequence[tuple[date, DelayRow]],
    questions: Sequence[Question],
    now: datetime,
    *,
    may_ask: bool,
    answerable: frozenset[int] = frozenset(),
    downloads: tuple[Link, ...] = (),
) -> Late:
    """``feeds`` over the whole period, ``days`` each feed's days; ``answerable`` are the questions this office owes."""
    drawn = None
    known = f"As known at {times.exact(now)}."
    if feeds:
        source = "Source: times stated by the senders, and when each record became visible here."
        drawn = ShownPicture(draw_delays(Delays(place, period, tuple(feeds), source, known)), downloads, computed())
    ordered = sorted(questions, key=lambda question: (question.answered_at is not None, question.due))
    return Late(
        Page("Why was this late?", HELP),
        sentence(feeds, questions, now),
        drawn,
        day_table(days) if days else None,
        tuple(ordered),
        {question.number: question.state(now) for question in ordered},
        may_ask,
        answerable,
        askable(days, questions) if may_ask else (),
        Empty("No result arrived in these days.", "Each feed appears here with its delays once it has sent."),
    )


def sentence(feeds: Sequence[DelayRow], questions: Sequence[Question], now: datetime) -> str:
    open_ones = [question for question in questions if question.answered_at is None]
    overdue = sum(question.due < now for question in open_ones)
    waits = f" {wording.counted(overdue, 'reason is', 'reasons are')} overdue." if overdue else ""
    slowest = max(feeds, key=lambda row: row.total, default=None)
    stage = slowest.longest() if slowest else None
    if slowest is None or stage is None:
        return f"Nobody states enough times to tell who held results.{waits}"
    held = wording.hours(slowest.hours[stage])
    holder = slowest.holders[stage] if slowest.holders else STAGES[stage].lower()
    took = f"Results from {slowest.name} took {wording.hours(slowest.total)} on average"
    return f"{took}; {holder} held them longest, {held}.{waits}"


def askable(days: Sequence[tuple[date, DelayRow]], questions: Sequence[Question]) -> tuple[Askable, ...]:
    """The slowest day of each feed, unless its longest holder was asked already."""
    slowest: dict[str, tuple[date, DelayRow]] = {}
    for day, row in days:
        if row.longest() is not None and (row.name not in slowest or row.total > slowest[row.name][1].total):
            slowest[row.name] = (day, row)
    asked = {(question.feed, question.day, question.stage) for question in questions}
    return tuple(
        Askable(row.name, day, f"Ask {holder_of(row)} about {row.name}, {wording.day(day)}")
        for day, row in slowest.values()
        if (row.name, day, row.longest()) not in asked
    )


def holder_of(row: DelayRow) -> str:
    stage = row.longest()
    return row.holders[stage] if row.holders and stage is not None else row.name


def day_table(days: Sequence[tuple[date, DelayRow]]) -> ShownTable:
    columns = (
        Column("Day received", numeric=False),
        Column("Feed", numeric=False),
        Column("Results"),
        *(Column(f"{stage}, hours", decimals=1, absent="cannot be told") for stage in STAGES),
        Column("Longest holder", numeric=False, absent="cannot be told"),
    )
    rows = []
    for day, row in days:
        stage = row.longest()
        holder = None if stage is None else (row.holders[stage] if row.holders else STAGES[stage])
        rows.append((day, row.name, row.results, *row.hours, holder))
    return ShownTable(PictureTable("By feed and day", columns, tuple(rows)), identity="late-days")


def computed() -> Computed:
    return Computed(
        (
            "For each result, the time from swab to first opening is split at laboratory, sender and platform.",
            "The bar shows their means over all results of the feed; means add up, medians do not.",
            "A time that a sender does not state leaves its part out: it cannot be told.",
        )
    )
