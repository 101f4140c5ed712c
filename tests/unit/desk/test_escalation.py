"""Whose turn it is: the table of steps, its laws on generated ladders, and the words that leave the house."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.apps.desk import configuration
from commonweal.apps.desk.sending import next_way
from commonweal.core.desk.escalation import Person, Rung, Severity, ladder, leaves_at, read_rules, take_turn
from commonweal.core.desk.hours import Waking
from commonweal.core.desk.messages import outgoing
from commonweal.core.errors import Refused
from commonweal.server import parameters

LONDON = ZoneInfo("Europe/London")
WAKING = Waking(time(7), time(22), LONDON)
NOW = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
URGENT = Severity(1, "act now", 5, False, ("email", "sms", "call"))
TODAY = Severity(2, "act today", 60, True, ("email", "sms"))
ROUNDS = 3
PEOPLE = st.lists(st.sampled_from("abcdef"), max_size=3, unique=True).map(
    lambda names: tuple(Person(name, "office") for name in names)
)
LADDERS = st.tuples(PEOPLE, PEOPLE, PEOPLE, st.lists(PEOPLE, max_size=4)).map(lambda parts: ladder(*parts))


def walk(
    rungs: tuple[Rung, ...], severity: Severity = URGENT, now: datetime = NOW
) -> list[tuple[datetime, tuple[str, ...]]]:
    """Every turn until nothing follows: when, and whom it turned to."""
    done, number, tried = [], 0, {}
    due: datetime | None = now
    while due is not None:
        before = {p for n, people in tried.items() for p in people if n // len(rungs) == number // len(rungs)}
        turn = take_turn(severity, rungs, number, before, due, now + timedelta(hours=1), WAKING, ROUNDS)
        for place, rung in turn.rungs:
            tried[place] = [person.id for person in rung.people]
        done.append((due, tuple(person.id for _, person in turn.people)))
        assert turn.next_number > number
        number, due = turn.next_number, turn.next_at
    return done


@given(LADDERS)
def test_everybody_is_turned_to_once_in_each_round_and_it_ends(rungs: tuple[Rung, ...]) -> None:
    turned = [person for _, people in walk(rungs) for person in people]
    there = {person.id for rung in rungs for person in rung.people}
    assert sorted(turned) == sorted(list(there) * ROUNDS)


@given(LADDERS)
def test_the_first_three_people_are_turned_to_within_ten_minutes(rungs: tuple[Rung, ...]) -> None:
    """Each step takes five minutes and a hole takes none, so whoever there is at step three hears by minute ten."""
    there = {person.id for rung in rungs for person in rung.people}
    turns, seen = [], set()
    for when, people in walk(rungs):
        if people and not seen >= there:  # the first round
            turns.append((when, people))
            seen |= set(people)
    assert all(when - NOW <= timedelta(minutes=5 * place) for place, (when, _) in enumerate(turns))


@given(LADDERS)
def test_nothing_of_severity_two_is_due_at_night_after_its_first_step(rungs: tuple[Rung, ...]) -> None:
    assert all(WAKING.holds(when) for when, _ in walk(rungs, TODAY)[1:])


def test_the_order_is_holder_deputies_duty_succession_and_holes_take_no_time() -> None:
    a, b, c, d, e = (Person(name, "office") for name in "abcde")
    full = walk(ladder([a], [b, c], [d], [[e]]))
    assert [people for _, people in full[:4]] == [("a",), ("b", "c"), ("d",), ("e",)]
    assert [(when - NOW) / timedelta(minutes=1) for when, _ in full[:4]] == [0, 5, 10, 15]
    holes = walk(ladder([], [], [], [[], [e]]))
    assert holes[0] == (NOW, ("e",))
    turn = take_turn(URGENT, ladder([], [b], [], []), 0, set(), NOW, NOW, WAKING, ROUNDS)
    assert [(place, rung.capacity, len(rung.people)) for place, rung in turn.rungs] == [
        (0, "holder", 0),
        (1, "deputy", 1),
    ]


def test_a_telephone_rings_at_night_for_severity_one_only() -> None:
    morning = datetime(2026, 10, 25, 7, tzinfo=LONDON)
    assert leaves_at(URGENT, "call", NOW, WAKING) == NOW
    assert leaves_at(TODAY, "sms", NOW, WAKING) == morning
    assert leaves_at(TODAY, "email", NOW, WAKING) == NOW


def test_a_way_that_fails_is_followed_by_the_next_one_known() -> None:
    known = {"email", "sms", "call"}
    assert next_way("email", known, 2) == "sms"
    assert next_way("sms", known, 1) == "call"
    assert next_way("sms", known, 2) == "print", "nobody is called for what can wait"
    assert next_way("email", {"email"}, 1) == "print"
    assert next_way("print", known, 1) is None
    assert next_way("webhook", {"email", "webhook"}, 1) is None, "the person got the mail: nothing to carry on paper"
    assert next_way("webhook", {"webhook"}, 1) == "print"
    assert next_way("email", known, 3) is None, "a digest rings no telephone"


def test_the_rules_in_force_are_read_and_wrong_ones_refused() -> None:
    rules = configuration.rules()
    assert set(rules.severities) == {1, 2, 3}
    assert 3 * rules.severities[1].minutes <= 20, "step three is reached within twenty minutes"
    text = parameters.text(configuration.ESCALATION)
    with pytest.raises(Refused, match="severity 1 waits 0 minutes"):
        read_rules(text.replace("minutes_between_steps: 5", "minutes_between_steps: 0"), "x")


NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Z"]), min_size=1, max_size=60)


@given(NAMES, st.booleans())
def test_what_leaves_names_the_office_and_an_hour_and_nothing_else(office: str, urgent: bool) -> None:
    due = datetime(2026, 6, 1, 12, tzinfo=LONDON)
    message = outgoing(office, due, due - timedelta(hours=3), "https://x.example/told/1", urgent=urgent)
    start = "Urgent: something" if urgent else "Something"
    assert message.text == f"{start} for {office}, open by 12 noon. https://x.example/told/1"
    tomorrow = outgoing(office, due, due - timedelta(days=1), "/t", urgent=urgent, stands_in="deputy")
    assert "open by 12 noon on Monday 1 June. You are told as deputy. /t" in tomorrow.text
