"""What the interface for programs takes and answers of what people know. A judgement that names two signals names the
other one as seen from the signal asked for."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from commonweal.apps.surveillance.api_schemas import Change, Signal

# of a signal, note, hypothesis or judgement: what the database can count to
Number = Annotated[int, Field(ge=1, lt=10**18)]
# whose words can be hidden
Hideable = Literal["notes", "hypotheses", "evidence", "judgements", "talk"]


class Wrote(Schema):
    """What was written: its number, and the page on which it stands."""

    number: int
    page: str


class NewNote(Schema):
    """A note. `place` may be left out where it is about a signal: then it is the signal's own."""

    words: str
    place: str = ""
    first_day: date | None = None
    last_day: date | None = None
    setting: str = ""
    visibility: Literal["offices", "seats"] = "offices"


class Correction(Schema):
    """The whole note, as it should read."""

    words: str


class Hiding(Schema):
    """Why the words are hidden: `health`, `person`, `abuse`, or `other` with words."""

    reason: Literal["health", "person", "abuse", "other"]
    words: str = ""


class NewAnswer(Schema):
    """What comes of what somebody told us, in words for them."""

    outcome: str
    words: str


class NewJudgement(Schema):
    """What an office says of a signal; `other_signal` with `merge` and `split` only."""

    verdict: Literal["confirm", "explain", "merge", "dispute", "split"]
    reason: str
    other_signal: Number | None = None


class NewHypothesis(Schema):
    """One sentence that can turn out wrong."""

    statement: str
    place: str = ""
    signal: Number | None = None


class NewEvidence(Schema):
    """What speaks for or against a hypothesis: words, and a page of this site or a note."""

    side: Literal["for", "against"]
    words: str
    figure: str = ""
    note: Number | None = None


class Note(Schema):
    """A note; its words are empty once it was taken back, and once they are hidden they say by whom and why. Where
    community seats read it before `narrowed_at`, they read no more than that there is one. `told_by` and what follows
    to `answered_at` only where somebody told us."""

    number: int
    place_code: str
    place: str
    setting: str | None
    first_day: date | None
    last_day: date | None
    signal: int | None
    words: str
    visibility: str
    office: str | None
    said_at: datetime
    taken_back_at: datetime | None
    corrects: int | None
    corrected_by: int | None
    told_by: str | None
    language: str | None
    answer_due_at: datetime | None
    outcome: str | None
    answer: str | None
    answered_by: str | None
    answered_at: datetime | None
    hidden_at: datetime | None
    hidden_by: str | None
    hidden_reason: str | None
    narrowed_at: datetime | None


class Evidence(Schema):
    """What speaks for or against a hypothesis."""

    number: int
    side: str
    words: str
    figure: str | None
    note: int | None
    office: str


class Hypothesis(Schema):
    """What may be the cause, with both sides."""

    number: int
    place_code: str
    signal: int | None
    statement: str
    office: str
    said_at: datetime
    evidence: list[Evidence]


class Judgement(Schema):
    """What an office says of a signal."""

    number: int
    verdict: str
    other_signal: int | None
    reason: str
    office: str
    person: str
    said_at: datetime
    taken_back_at: datetime | None


class Notes(Schema):
    """Notes of the office's places, the newest first."""

    items: list[Note]
    as_of: datetime


class Hypotheses(Schema):
    """Hypotheses of the office's places, the newest first."""

    items: list[Hypothesis]
    as_of: datetime


class History(Schema):
    """Everything that became of a signal: each change with its evidence, and what was said of it."""

    signal: Signal
    changes: list[Change]
    judgements: list[Judgement]
    merged_with: list[int]
    notes: list[Note]
    hypotheses: list[Hypothesis]
    as_of: datetime
    agreements: list[str]
