"""A sweep over counts in the database: found, told once, carried on, held back, repeated."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from commonweal.apps.access.scope import scoped_read
from commonweal.apps.surveillance import actions, announcing, carried, checks, counted, jobs, keeping, signals, sweeps
from commonweal.apps.surveillance.executors import Serial
from commonweal.cli import commands
from commonweal.cli.errors import run
from commonweal.core.signals.running import Running, advance
from commonweal.site import installation
from commonweal.web import db
from tests.conftest import make_space, remove_space
from tests.integration.access.build import accept, agreement, office

from . import city

FIRST = date(2027, 1, 4)
LAST = FIRST + timedelta(days=city.HISTORY)
HEART = [city.at(row, column) for row in (5, 6) for column in (5, 6)]  # two small areas on either side of the boundary
CHANGES = "select signal, step, state, scope, morning from surveillance.signal_change order by signal, step"


@pytest.fixture
def ground(template: str) -> Iterator[str]:
    name = make_space(template, "replay")
    city.load_places()
    yield name
    remove_space(name)


def outbreak(counts: city.Counts, places: list[int], first: date, days: int, each: int = 3) -> None:
    for place in places:
        for number in range(days):
            counts.extra[place, first + timedelta(days=number)] = each


def test_a_cluster_across_a_boundary_is_one_signal_of_both_authorities_and_both_tiers(ground: str) -> None:
    counts = city.Counts(FIRST)
    outbreak(counts, HEART, LAST - timedelta(days=5), 5)
    counts.until(LAST - timedelta(days=1))
    actors = {"nation": office("nation", [city.WEST, city.EAST])}
    for code in (city.WEST, city.EAST):
        actors[code] = office(code.lower(), [code], "unitary_authority")
        signed = agreement(code, ["nation", code.lower()])
        accept(signed, actors["nation"])
        accept(signed, actors[code])
    ran = sweeps.run(Serial())
    assert ran.outcome is not None
    assert (ran.opened, ran.outcome.not_done) == (1, {})
    methods = {(found.level, found.method) for found in ran.outcome.found}
    assert {("cluster", "poisson scan"), ("cluster", "bernoulli scan"), ("lsoa", "small counts")} <= methods
    for actor in actors.values():
        with scoped_read(actor, query="signals", data_class="L1") as scope:
            (signal,) = signals.signals(scope)
            assert set(signal["scope"]) == {city.WEST, city.EAST}
            assert {city.codes()[place] for place in HEART} <= set(signal["members"])
            seen = signals.findings(scope, signal=1)
            assert len(seen) == sum(1 for found in ran.outcome.found if found.scope & set(scope.codes)) > 3


def test_signals_live_on_from_sweep_to_sweep_and_a_repeated_sweep_changes_nothing(ground: str) -> None:
    counts = city.Counts(FIRST)
    outbreak(counts, HEART, LAST - timedelta(days=5), 5)
    counts.until(LAST - timedelta(days=1))
    first = sweeps.run(Serial())
    assert first.outcome is not None
    before = city.rows("select count(*) as n from surveillance.finding")
    again = sweeps.run(Serial(), as_of=first.outcome.as_of)
    assert (again.repeated, again.sweep) == (True, first.sweep)
    assert keeping.keep(first.outcome, sweeps.rules(), "serial").repeated
    assert city.rows("select count(*) as n from surveillance.finding") == before
    outcomes = [first.outcome]
    for day in range(0, 16, 4):
        for later in range(4):
            counts.day(LAST + timedelta(days=day + later))
        outcomes.append(sweeps.run(Serial()).outcome)
    remembered: list[Running] = []
    from_scratch = []
    for each in outcomes:
        found, life = [*each.events, *each.found], sweeps.rules().setting.life
        done = advance(remembered, found, each.morning, life, next_number=len(remembered) + 1, whole=True)
        from_scratch += [(number, step.state, step.morning) for number, step in done.changes]
    written = [(row["signal"], row["state"], row["morning"]) for row in city.rows(CHANGES)]
    assert written == sorted(from_scratch, key=lambda change: change[0]), "sweep by sweep as from scratch"
    states = [state for signal, state, _ in written if signal == 1]
    assert states[0] == "opened"
    assert states[-1] in ("fading", "closed")
    assert len(city.rows("select number from surveillance.signal")) <= 2, "the same thing is told once"
    older = sweeps.run(Serial(), as_of=first.outcome.as_of - timedelta(hours=1))
    assert older.sweep is None, "signals go forward only"
    assert city.rows("select count(*) as n from surveillance.known_hour")[0]["n"] > 0
    assert [problem for check in checks.CHECKS for problem in check.run()] == []
    with db.transaction("migrate") as cursor:
        cursor.execute("update surveillance.standing set last_found = last_found - 1 where signal = 1")
        cursor.execute("update surveillance.known_hour set cases = cases + 1 where known_hour ="
                       " (select min(known_hour) from surveillance.known_hour) and scope_ltla = %s", [city.WEST])  # fmt: skip
    assert carried.wrong() == [1]
    (sums,) = (check for check in checks.CHECKS if check.name == "cases summed by hour are what the changes say")
    assert len(sums.run()) == 1


def test_sums_of_full_hours_change_no_answer_at_any_instant(ground: str) -> None:
    counts = city.Counts(FIRST)
    counts.until(LAST - timedelta(days=1))
    city.put([(city.at(3, 1), LAST - timedelta(days=2), "case", -1), (city.at(3, 1), LAST, "case", 7)], LAST)
    ground_now, now = counted.geography(), db.freeze("engine")
    instants = [now - timedelta(hours=hours) for hours in (0, 5, 24, 31, 24 * 20)]
    before = [counted.authorities(counted.Instant(instant), ground_now) for instant in instants]
    counted.sum_up(instants[3])
    counted.sum_up(now)
    counted.sum_up(instants[1])  # an earlier one leaves what is there
    for instant, (level, began) in zip(instants, before, strict=True):
        again, began_again = counted.authorities(counted.Instant(instant), ground_now)
        assert (again.counts == level.counts).all()
        assert began_again == began
    assert before[0][0].counts[-1].sum() > before[1][0].counts[-1].sum() > before[4][0].counts[-1].sum() > 0


def test_a_signal_without_a_row_of_its_standing_goes_on_from_its_facts(ground: str) -> None:
    counts = city.Counts(FIRST)
    outbreak(counts, HEART, LAST - timedelta(days=5), 7)
    counts.until(LAST - timedelta(days=1))
    sweeps.run(Serial())
    with db.transaction("migrate") as cursor:
        cursor.execute("delete from surveillance.standing")
    counts.day(LAST)
    ran = sweeps.run(Serial())
    assert ran.opened == 0
    assert carried.wrong() == []
    assert len(city.rows("select signal from surveillance.standing")) == 1


def test_what_a_late_batch_alone_explains_is_held_back_and_the_batch_is_told(ground: str) -> None:
    counts = city.Counts(FIRST)
    counts.until(LAST - timedelta(days=1))
    late = [(place, LAST - timedelta(days=back), result, 4)
            for place in HEART for back in (5, 6, 7) for result in ("case", "positive")]  # fmt: skip
    city.put(late, LAST)
    ran = sweeps.run(Serial())
    assert ran.outcome is not None
    assert [event.kind for event in ran.outcome.events] == ["late_batch", "late_batch"]
    held = city.rows(
        "select f.level, s.kind from surveillance.finding f join surveillance.signal s on s.number = f.held_by"
    )
    assert ("cluster", "late_batch") in {(row["level"], row["kind"]) for row in held}
    kinds = {row["kind"] for row in city.rows("select kind from surveillance.signal")}
    assert kinds == {"late_batch"}
    for day in range(3):  # a batch holds for two mornings; what still stands then is told
        counts.day(LAST + timedelta(days=day))
        sweeps.run(Serial())
    kinds = {row["kind"] for row in city.rows("select kind from surveillance.signal")}
    assert "cluster" in kinds


def test_a_change_of_what_is_counted_is_one_event_and_holds_back_what_it_moves(ground: str) -> None:
    counts = city.Counts(FIRST)
    outbreak(counts, HEART, LAST - timedelta(days=5), 5)
    counts.until(LAST - timedelta(days=1))
    days = [LAST - timedelta(days=back) for back in range(1, 60)]
    city.put([(place, day, "case", 1) for place in range(0, city.SIDE * city.SIDE, 2) for day in days], LAST)
    ran = sweeps.run(Serial())
    assert ran.outcome is not None
    assert {event.kind for event in ran.outcome.events} >= {"definition_break"}
    assert (ran.outcome.found, len(ran.outcome.held) > 3) == ([], True)
    assert {row["kind"] for row in city.rows("select kind from surveillance.signal")} <= {
        "definition_break",
        "late_batch",
    }


def test_a_bad_place_is_listed_and_the_others_are_done(ground: str) -> None:
    counts = city.Counts(FIRST)
    outbreak(counts, [city.at(2, 2), city.at(2, 3)], LAST - timedelta(days=5), 5, each=4)
    counts.until(LAST - timedelta(days=1))
    city.put([(city.at(9, 11), LAST - timedelta(days=1), "case", 40_000)], LAST)  # more than a scan can hold
    ran = sweeps.run(Serial())
    assert ran.outcome is not None
    assert any(city.EAST in place for place in ran.outcome.not_done)
    assert any("32767" in reason for reason in ran.outcome.not_done.values())
    (row,) = city.rows("select not_done from surveillance.sweep")
    assert row["not_done"] == ran.outcome.not_done
    assert any(each["scope"] == [city.WEST] for each in city.rows(CHANGES)), "the other authority is found all the same"


def test_new_results_are_swept_where_they_touch_and_once(ground: str) -> None:
    counts = city.Counts(FIRST)
    counts.until(LAST - timedelta(days=1))
    city.move_clock(LAST)
    assert jobs.sweep_what_was_touched(0) is None, "the first sweep is a whole one"
    assert jobs.sweep_every_place(0) == 1
    assert jobs.sweep_every_place(0) is None
    assert jobs.sweep_what_was_touched(0) is None
    fresh = [(place, LAST - timedelta(days=back), result, 5)
             for place in (city.at(3, 1), city.at(3, 2)) for back in (0, 1, 2) for result in ("case", "positive")]  # fmt: skip
    city.put(fresh, LAST)
    city.move_clock(LAST, hour=8)  # after a sweep it rests as long as that took
    assert jobs.sweep_what_was_touched(0) == 2
    before = city.rows("select count(*) as n from surveillance.finding")
    city.put([(city.at(9, 1), LAST, "negative", 1)], LAST)
    city.move_clock(LAST, hour=9)
    assert jobs.sweep_what_was_touched(0) == 3
    assert city.rows("select count(*) as n from surveillance.finding") == before, (
        "what was found this morning is kept once"
    )
    assert jobs.sweep_what_was_touched(0) is None
    (row,) = city.rows("select touched, cost from surveillance.sweep where id = 2")
    assert row["touched"] == [city.WEST]
    (signal,) = city.rows(CHANGES)
    assert (signal["state"], signal["scope"]) == ("opened", [city.WEST])


def test_offices_of_both_tiers_are_told_in_the_sweeps_own_transaction(
    ground: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    office("nation", [city.WEST, city.EAST])
    office("west", [city.WEST], "unitary_authority")
    monkeypatch.setattr(announcing, "PERMISSION", "read_counts")  # what the offices of these tests have
    counts = city.Counts(FIRST)
    outbreak(counts, HEART, LAST - timedelta(days=5), 5)
    counts.until(LAST - timedelta(days=1))
    ran = sweeps.run(Serial())
    told = city.rows(
        "select t.office_id, n.subject, n.link, n.tick_id from desk.told t join desk.notice n on n.id = t.notice_id"
        " where n.kind = 'surveillance.signals' order by 1"
    )
    assert [row["office_id"] for row in told] == ["nation-office", "west-office"], "the east has no office yet"
    assert {row["link"] for row in told} == {"/signals/1"}
    assert not any(letter.isdigit() for row in told for letter in row["subject"])
    (sweep,) = city.rows("select tick_id from surveillance.sweep where id = %s", [ran.sweep])
    assert {row["tick_id"] for row in told} == {sweep["tick_id"]}


def test_the_command_line_sweeps_counts_and_lists_signals(
    ground: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMONWEAL_SPACE", ground)
    monkeypatch.setattr(installation, "open_existing", lambda name: None)

    def command(line: str) -> str:
        monkeypatch.setattr("sys.argv", ["commonweal", *shlex.split(line)])
        assert run(commands) == 0
        return capsys.readouterr().out

    assert command("signals").startswith("No signals.")
    counts = city.Counts(FIRST)
    outbreak(counts, HEART, LAST - timedelta(days=5), 5)
    counts.until(LAST - timedelta(days=1))
    answer = json.loads(command(f"sweep --json --area {city.WEST}"))
    assert (answer["touched"], answer["signals_opened"]) == ([city.WEST], 1)
    text = command("sweep")
    assert "every place: 2 ltla" in text
    assert "0 signals opened" in text
    assert f"1  cluster  opened since {LAST}  {city.WEST}, {city.EAST}" in command("signals")
    assert [row["number"] for row in json.loads(command("signals --json"))] == [1]


def test_an_area_of_any_level_sweeps_the_authorities_that_it_lies_in_and_tells_the_loaded_series_too(
    ground: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMONWEAL_SPACE", ground)
    monkeypatch.setattr(installation, "open_existing", lambda name: None)

    def command(line: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["commonweal", *shlex.split(line)])
        code = run(commands)
        return (code, *capsys.readouterr())

    counts = city.Counts(FIRST)
    counts.until(LAST - timedelta(days=1))
    absence = [(LAST - timedelta(days=back), 5 + back % 2 + 30 * (back < 8)) for back in range(1, 80)]
    rows = [f"{city.WEST},{day},school_absence,{percent},{day + timedelta(days=1)}" for day, percent in absence]
    path = tmp_path / "absence.csv"
    path.write_text("\n".join(["place,date,metric,value,published_at", *rows]))
    city.move_clock(LAST)
    actions.load_series([path])
    for code in (city.codes()[0].lower(), "E02010000", city.WEST):
        ended, out, _ = command(f"sweep --json --area {code}")
        assert (ended, json.loads(out)["touched"]) == (0, [city.WEST])
    assert json.loads(command("sweep --json --area E12000004 --source counts")[1])["touched"] == sorted(
        [city.WEST, city.EAST]
    )
    ended, out, _ = command(f"sweep --area {city.WEST}")
    assert "The loaded series, told and not written:" in out
    assert "Pupils absent" in out
    (told,) = json.loads(command(f"sweep --json --area {city.EAST}")[1])["series"]
    assert (told["source"], told["sweep"], told["findings"]) == ("school_absence", None, 0), "of the west alone"
    assert city.rows("select distinct source from surveillance.sweep") == [{"source": "counts"}]
    ended, _, err = command("sweep --area E02999999")
    assert ended != 0
    assert "E02999999: no place of those that are loaded" in err
