"""Whose turn it is when nobody has acknowledged: holder, deputies, duty officer, then the order of succession.

| step | turns to | when nobody is there |
| --- | --- | --- |
| 1 | the office's holder | the next step at once |
| 2 | its deputies, all of them | the next step at once |
| 3 | the duty officer of the organisation's rota | the next step at once |
| 4 … | one office of the order of succession at a time | the next step at once |

After the last step the round begins again, `rounds` times in all. Nobody is turned to twice in one round.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from commonweal.core.access.documents import read
from commonweal.core.desk.hours import Waking
from commonweal.core.errors import Refused

HOLDER, DEPUTY, DUTY, SUCCESSION = "holder", "deputy", "duty officer", "succession"
WORDS = {SUCCESSION: "next in line"}  # how a capacity is said after "as"; the others say themselves
LOUD = frozenset({"sms", "call"})  # ways that wake somebody up


def said_as(capacity: str) -> str:
    """A capacity in words that stand after "as"."""
    return WORDS.get(capacity, capacity)


@dataclass(frozen=True)
class Severity:
    """How a notice of one severity goes out.

    `minutes` between a step and the next; `waking` says that only waking minutes count, and that the second step waits
    for the time by which it was to be acknowledged. `ways` in the order in which they are tried.
    """

    number: int
    meaning: str
    minutes: float
    waking: bool
    ways: tuple[str, ...]


@dataclass(frozen=True)
class Rules:
    """One version of `parameters/desk/escalation.yaml`."""

    version: int
    severities: Mapping[int, Severity]
    rounds: int
    retry_minutes: tuple[float, ...]
    recall_minutes: float
    reason_working_days: int


def read_rules(text: str, source: str) -> Rules:
    """The rules from YAML text. Raises `Refused` for a way that does not exist or a wait of nought."""
    names = ("version", "severities", "rounds", "retry_minutes", "recall_minutes", "reason_working_days")
    document = read(text, source, *names)
    severities = {}
    for number, given in document["severities"].items():
        severities[int(number)] = Severity(
            int(number),
            given["meaning"],
            float(given["minutes_between_steps"]),
            bool(given["waking_hours_only"]),
            tuple(given["ways"]),
        )
        if severities[int(number)].minutes <= 0:
            raise Refused(
                f"{source}: severity {number} waits {given['minutes_between_steps']} minutes; give more than 0."
            )
    return Rules(
        int(document["version"]),
        severities,
        int(document["rounds"]),
        tuple(float(minutes) for minutes in document["retry_minutes"]),
        float(document["recall_minutes"]),
        int(document["reason_working_days"]),
    )


@dataclass(frozen=True)
class Person:
    """Somebody who can be turned to, and the office as which they would answer."""

    id: str
    as_office: str


@dataclass(frozen=True)
class Rung:
    """One step of the ladder: in what capacity, and who is there now (nobody: a hole)."""

    capacity: str
    people: tuple[Person, ...]


@dataclass(frozen=True)
class Turn:
    """What a step does: the rungs it went through with their places (the last one has people, unless nobody is left),
    and what comes next."""

    rungs: tuple[tuple[int, Rung], ...]
    next_number: int
    next_at: datetime | None

    @property
    def people(self) -> tuple[tuple[str, Person], ...]:
        """(capacity, person) of everybody turned to."""
        return tuple((rung.capacity, person) for _, rung in self.rungs for person in rung.people)


def ladder(
    holders: Sequence[Person],
    deputies: Sequence[Person],
    duty: Sequence[Person],
    succession: Sequence[Sequence[Person]],
) -> tuple[Rung, ...]:
    """The rungs for an office as things stand now: only people who are there."""
    first = (Rung(HOLDER, tuple(holders)), Rung(DEPUTY, tuple(deputies)), Rung(DUTY, tuple(duty)))
    return (*first, *(Rung(SUCCESSION, tuple(people)) for people in succession))


def take_turn(
    severity: Severity,
    rungs: Sequence[Rung],
    number: int,
    tried: Collection[str],
    now: datetime,
    acknowledge_by: datetime,
    waking: Waking,
    rounds: int,
) -> Turn:
    """The step with this number (0 is the first): whom to turn to now, and when the next one is due.

    `tried` are the ids of people turned to earlier in this round. `next_at` is None when every round has been gone
    through; it then stays open on every page it is on.
    """
    gone: list[tuple[int, Rung]] = []
    place = number
    while True:
        rung = rungs[place % len(rungs)]
        fresh = tuple(person for person in rung.people if person.id not in tried)
        ends_round = (place + 1) % len(rungs) == 0
        # Somebody who was turned to already in this round is no hole, but nobody to turn to again either.
        if fresh or not rung.people:
            gone.append((place, Rung(rung.capacity, fresh)))
        place += 1
        if fresh or ends_round:
            break
    last = place >= rounds * len(rungs)
    return Turn(tuple(gone), place, None if last else _next(severity, number, now, acknowledge_by, waking))


def _next(severity: Severity, number: int, now: datetime, acknowledge_by: datetime, waking: Waking) -> datetime:
    if not severity.waking:
        return (now + timedelta(minutes=severity.minutes)).astimezone(UTC)
    if number == 0:
        return waking.at_or_after(max(acknowledge_by, now))
    return waking.later(now, severity.minutes)


def leaves_at(severity: Severity, way: str, now: datetime, waking: Waking) -> datetime:
    """When a message may leave: at once, or for what would wake somebody without need, when they are awake."""
    return waking.at_or_after(now) if severity.waking and way in LOUD else now
