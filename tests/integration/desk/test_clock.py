"""The ladder of steps on a clock that is moved: at 03:00, on bank holidays, when the clocks change, with holes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from tests.conftest import remove_space
from tests.integration.access.build import authorities

from commonweal.apps.access import actions
from commonweal.apps.access.scope import Actor
from commonweal.apps.desk import configuration, duty, telling
from commonweal.core.errors import NotAllowed, Refused
from commonweal.web import db

from . import build
from .build import DIRECTOR, LEADER, actor, reached, receipts, tell

BEGINS = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONDON = configuration.waking().zone
SMALL = "E06000017"
# On the clock of London; each is an instant at which something of severity 1 happens. The order is that of the clock.
HOURS = {
    "at 03:00": datetime(2026, 3, 10, 3, tzinfo=LONDON),
    "before the clocks go forward": datetime(2026, 3, 29, 0, 55, tzinfo=LONDON),
    "at 03:00 on a bank holiday": datetime(2026, 5, 25, 3, tzinfo=LONDON),
    "in the repeated hour, first time": datetime(2026, 10, 25, 1, 55, tzinfo=LONDON),
    "on Christmas night": datetime(2026, 12, 25, 3, tzinfo=LONDON),
}


@pytest.fixture(scope="module", autouse=True)
def world(template: str) -> Iterator[None]:
    """An exercise in which the director has a deputy, and a duty officer covers every week of the year."""
    import secrets

    from tests.conftest import point_django_at

    from commonweal.server import spaces
    from commonweal.site import installation

    name = f"t_{secrets.token_hex(5)}"
    spaces.create_database(name, template=template)
    point_django_at(name)
    installation.describe(name, "exercise", BEGINS)
    build.leicester()
    authorities(**{SMALL: "Rutland"})
    build.person("deputy", DIRECTOR, deputy=True)
    officer = build.person("duty", build.ANALYST)
    build.way(officer, sms="07700900001", call="07700900001")
    keeper = actor("director-of-public-health", DIRECTOR)
    duty.make_rota(keeper, "leicester", "Leicester on call", ["authority-e06000017"])
    duty.put_on_duty(keeper, "leicester", BEGINS, BEGINS + timedelta(days=400), officer.person_id, build.ANALYST)
    with build.named_space(name):
        yield
    remove_space(name)


def minutes_until_reached(notice: UUID, office: str, capacity: str, most: int = 25) -> float:
    """Let the worker work once a minute until a step has turned to somebody in a capacity."""
    (told,) = db.rows("backup", "select told_at from desk.notice where id = %s", [notice])
    for _ in range(most):
        build.work()
        found = [row for row in reached(notice, office) if row["capacity"] == capacity and row["name"]]
        if found:
            return float((found[0]["at"] - told["told_at"]) / timedelta(minutes=1))
        build.move_to(build.now() + timedelta(minutes=1))
    raise AssertionError(f"nobody was reached as {capacity} in {most} minutes")


@pytest.mark.parametrize("when", list(HOURS))
def test_severity_one_reaches_the_duty_officer_at_step_three_within_twenty_minutes(when: str) -> None:
    build.move_to(HOURS[when])
    calls = len(build.outgoing("call"))
    notice = tell(DIRECTOR, within=15)
    minutes = minutes_until_reached(notice, DIRECTOR, "duty officer")
    print(f"{when}: the duty officer was reached after {minutes:.1f} minutes")
    assert minutes <= 20
    build.work()
    assert [row["capacity"] for row in reached(notice, DIRECTOR)] == ["holder", "deputy", "duty officer"]
    (call,) = build.outgoing("call")[calls:]
    assert call["address"] == "07700900001"
    assert "You are told as duty officer." in call["message"]["text"]
    officer = actor("duty", build.ANALYST)
    answer = telling.acknowledge(officer, notice, DIRECTOR)
    assert (answer.mine, answer.as_office, answer.capacity) == (True, build.ANALYST, "duty officer")


def test_nobody_answers_and_the_order_of_succession_is_gone_through_and_begins_again() -> None:
    keeper = actor("director-of-public-health", DIRECTOR)
    duty.set_succession(keeper, [LEADER, build.TRACING])
    notice = tell(DIRECTOR)
    assert minutes_until_reached(notice, DIRECTOR, "succession") <= 16
    for _ in range(45):
        build.move_to(build.now() + timedelta(minutes=1))
        build.work()
    capacities = [(row["capacity"], bool(row["name"])) for row in reached(notice, DIRECTOR)]
    round_of = [("holder", True), ("deputy", True), ("duty officer", True), ("succession", True), ("succession", False)]
    assert capacities[:8] == (round_of * 2)[:8]
    leader = actor("leader", LEADER)
    assert telling.acknowledge(leader, notice, DIRECTOR).capacity == "succession"


def test_an_absent_holder_is_passed_over_at_once() -> None:
    director = actor("director-of-public-health", DIRECTOR)
    absence = duty.enter_absence(director, director.person_id, build.now(), build.now() + timedelta(days=7))
    notice = tell(DIRECTOR)
    assert minutes_until_reached(notice, DIRECTOR, "deputy") < 1
    assert (reached(notice, DIRECTOR)[0]["capacity"], reached(notice, DIRECTOR)[0]["name"]) == ("holder", None)
    duty.end_absence(director, absence)
    again = tell(DIRECTOR)
    assert minutes_until_reached(again, DIRECTOR, "holder") < 1
    with pytest.raises(Refused, match="ended already"):
        duty.end_absence(director, absence)


def test_a_hole_in_the_rota_costs_no_time() -> None:
    keeper = actor("director-of-public-health", DIRECTOR)
    start = build.now() - timedelta(minutes=1)
    duty.put_on_duty(keeper, "leicester", start, start + timedelta(hours=3), None, None)
    notice = tell(DIRECTOR)
    assert minutes_until_reached(notice, DIRECTOR, "succession") <= 11
    assert ("duty officer", None) in [(row["capacity"], row["name"]) for row in reached(notice, DIRECTOR)]
    build.move_to(start + timedelta(hours=4))


def test_a_small_authority_goes_by_the_rota_of_its_neighbour() -> None:
    small = "director-of-public-health-e06000017"
    keeper = build.person("small-director", small)
    duty.choose_rota(keeper, "leicester")
    notice = tell(small)
    assert minutes_until_reached(notice, small, "duty officer") <= 11
    officer = actor("duty", build.ANALYST)
    assert telling.acknowledge(officer, notice, small).as_office == build.ANALYST
    with pytest.raises(NotAllowed, match="kept by another organisation"):
        duty.put_on_duty(keeper, "leicester", build.now(), build.now() + timedelta(1), None, None)


def test_a_rota_that_was_not_offered_cannot_be_chosen() -> None:
    minister = actor("national-decision-maker", build.MINISTER)
    with pytest.raises(Refused, match="not offered to yours"):
        duty.choose_rota(minister, "leicester")
    with pytest.raises(Refused, match="to which they are appointed"):
        duty.put_on_duty(
            actor("director-of-public-health", DIRECTOR), "leicester", build.now(), build.now() + timedelta(1),
            minister.person_id, build.MINISTER,
        )  # fmt: skip


def left(notice: UUID, way: str) -> int:
    return sum(letter["key"].endswith(str(notice)) for letter in build.outgoing(way))


def test_severity_two_waits_for_the_morning_and_rings_nobody_at_night() -> None:
    night = build.now().astimezone(LONDON).replace(hour=23, minute=30) + timedelta(days=1)
    build.move_to(night)
    director = actor("director-of-public-health", DIRECTOR)
    build.way(director, sms="07700900002", call="07700900002")
    notice = tell(DIRECTOR, severity=2, within=60)
    for _ in range(7):
        build.work()
        build.move_to(build.now() + timedelta(hours=1))
    assert [row["capacity"] for row in reached(notice, DIRECTOR)] == ["holder"], "half past six: nobody else yet"
    assert left(notice, "sms") + left(notice, "call") == 0
    build.move_to((night + timedelta(days=1)).replace(hour=7, minute=1))
    build.work()
    assert [row["capacity"] for row in reached(notice, DIRECTOR)] == ["holder", "deputy"]
    assert (left(notice, "sms"), left(notice, "call")) == (1, 0)
    telling.acknowledge(director, notice, DIRECTOR)


def test_what_waits_for_the_morning_is_not_sent_to_whoever_has_left_the_office_by_then() -> None:
    night = build.now().astimezone(LONDON).replace(hour=23, minute=30) + timedelta(days=1)
    build.move_to(night)
    leaver = build.person("leaver", LEADER)
    build.way(leaver, sms="07700900003")
    notice = tell(LEADER, severity=2, within=600)
    build.work()
    actions.end_appointment("leaver@desk.example", LEADER, "moved on")
    build.move_to((night + timedelta(days=1)).replace(hour=7, minute=1))
    build.work()
    assert left(notice, "sms") == 0
    said = [(row["way"], row["words"]) for row in receipts(notice, "failed")]
    assert said == [("sms", "this person has left the office")]
    assert left(notice, "print") == 0, "and nobody carries it to them on paper"


def test_a_week_on_duty_begins_and_ends_at_nine_on_mondays() -> None:
    keeper, officer = actor("director-of-public-health", DIRECTOR), actor("duty", build.ANALYST)
    number = duty.put_on_duty_in_week(keeper, "leicester", date(2027, 3, 31), officer.person_id, build.ANALYST)
    (row,) = db.rows("backup", "select starts_at, ends_at from desk.duty where id = %s", [number])
    assert row["starts_at"] == datetime(2027, 3, 29, 9, tzinfo=LONDON)
    assert row["ends_at"] == datetime(2027, 4, 5, 9, tzinfo=LONDON)


def test_only_offices_that_keep_the_rota_change_it_and_colleagues_absences() -> None:
    analyst: Actor = actor("duty", build.ANALYST)
    with pytest.raises(NotAllowed, match="keep_rota"):
        duty.make_rota(analyst, "another", "Another")
    with pytest.raises(NotAllowed, match="keep_rota"):
        duty.enter_absence(analyst, actor("leader", LEADER).person_id, build.now(), build.now() + timedelta(1))
    keeper = actor("director-of-public-health", DIRECTOR)
    with pytest.raises(NotAllowed, match="another organisation"):
        person = actor("national-decision-maker", build.MINISTER).person_id
        duty.enter_absence(keeper, person, build.now(), build.now() + timedelta(1))
    with pytest.raises(Refused, match="ends after it begins"):
        duty.enter_absence(keeper, keeper.person_id, build.now(), build.now())
    with pytest.raises(Refused, match="is none of them"):
        duty.set_succession(keeper, [build.MINISTER])
