"""What pages read of counts equals the slow way: every change known by then added up, whatever is kept or indexed."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from commonweal.apps.access.scope import Actor, Scope, scoped_read
from commonweal.apps.intake import area, kept, page_reads
from commonweal.apps.surveillance import place_reads
from commonweal.apps.surveillance.place_ground import Ground
from commonweal.web import db
from tests.integration.access import build

from .world import as_csv, known_at, record, send, stored

CITY, COUNTY = "E06000016", "E07000135"
FIRST, LAST = date(2020, 6, 1), date(2020, 6, 26)
POSTCODES = ("LE1 1AA", "LE1 1AB", "LE2 0AA", "LE18 1AA")
SETTINGS = (
    {"setting_type": "", "setting_id": ""},
    {"setting_type": "school", "setting_id": "oak-school"},
    *({"setting_type": "care_home", "setting_id": f"home-{number}"} for number in range(5)),
)
Change = dict[str, Any]


@pytest.fixture(scope="module")
def offices(tokens: dict[str, str]) -> dict[str, Actor]:
    found = {
        "city": build.office("city", [CITY], "unitary_authority"),
        "county": build.office("county", [COUNTY], "lower_tier_authority"),
        "nation": build.office("nation", [CITY, COUNTY]),
    }
    for code, local in ((CITY, "city"), (COUNTY, "county")):
        agreement = build.agreement(code, ["nation", local])
        for organisation in ("nation", local):
            build.accept(agreement, found[organisation])
    return found


@pytest.fixture(scope="module")
def moments(offices: dict[str, Actor]) -> list[datetime]:
    """Moments between submissions with corrections; some have a snapshot before them, with and without changes since."""
    rng, found = random.Random(11), []
    for step in range(9):
        send(as_csv(*(some_record(rng, step, number) for number in range(12))))
        found.append(known_at())
        if step in (3, 6):
            db.value("app", "select counts.make_snapshot(1)")
            found.append(known_at())
    return found


def some_record(rng: random.Random, step: int, number: int) -> dict[str, str]:
    """A result, or a later version of one before."""
    return record(
        record_id=f"R{rng.randrange(60)}", person_id=f"P{rng.randrange(40)}", revision=str(100 * step + number + 1),
        specimen_date=(FIRST + timedelta(days=rng.randrange(26))).isoformat(), postcode=rng.choice(POSTCODES),
        result=rng.choice(["positive", "positive", "negative", "void"]), pillar=rng.choice(["pillar1", "pillar2"]),
        test_type=rng.choice(["pcr", "lateral_flow"]), sex=rng.choice(["female", "male"]),
        age_years=rng.choice(["7", "39", "84"]), **rng.choice(SETTINGS),
    )  # fmt: skip


def changes(table: str, codes: tuple[str, ...], as_of: datetime) -> list[Change]:
    """Every change of some authorities known by then, one by one."""
    return stored(
        f"select d.*, t.known_at from {table} d join ledger.tick t on t.id = d.tick_id"
        " where t.known_at <= %s and d.scope_ltla = any (%s)",
        [as_of, list(codes)],
    )


def added(rows: list[Change], *names: str) -> Counter[tuple[Any, ...]]:
    found: Counter[tuple[Any, ...]] = Counter()
    for row in rows:
        found[tuple(row[name] for name in names)] += row["n"]
    return Counter({key: n for key, n in found.items() if n})


def read(rows: kept.Rows, *names: str) -> Counter[tuple[Any, ...]]:
    found = {tuple(row[name] for name in names): row["n"] for row in rows}
    assert len(found) == len(rows), "one row a cell"
    return Counter(found)


def in_days(rows: list[Change]) -> list[Change]:
    return [row for row in rows if FIRST <= row["specimen_day"] <= LAST]


def people(rows: list[Change]) -> list[Change]:
    return [row for row in rows if row["result"] == "case"]


READS: dict[str, Callable[[Scope, area.Window], tuple[Counter[tuple[Any, ...]], Counter[tuple[Any, ...]]]]] = {
    "daily": lambda scope, window: (
        read(area.daily_counts(scope, window), "day", "pillar", "test_type", "result"),
        added(in_days(changes("counts.delta", scope.codes, window.as_of)), "specimen_day", "pillar", "test_type", "result"),
    ),
    "small": lambda scope, window: (
        read(area.small_area_counts(scope, window), "lsoa_code", "scope_ltla", "day", "result"),
        added(people(in_days(changes("counts.delta", scope.codes, window.as_of))), "lsoa_code", "scope_ltla", "specimen_day", "result"),
    ),
    "authorities": lambda scope, window: (
        read(area.authority_counts(scope, window), "lsoa_code", "day", "result"),
        added(people(in_days(changes("counts.delta", scope.codes, window.as_of))), "scope_ltla", "specimen_day", "result"),
    ),
    "ages": lambda scope, window: (
        read(area.age_counts(scope, window), "age_band", "sex", "result"),
        added(in_days(changes("counts.delta_age", scope.codes, window.as_of)), "age_band", "sex", "result"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("few_ticks", [400, 0], ids=["tick by tick", "in one go"])
@pytest.mark.parametrize("who", ["city", "nation"])
def test_counts_are_the_sum_of_every_change_known_by_then(
    who: str, few_ticks: int, offices: dict[str, Actor], moments: list[datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(area, "FEW_TICKS", few_ticks)
    kept.answers.clear()
    filled = 0
    for as_of in moments * 2:  # the second time they are kept
        with scoped_read(offices[who], query="test", data_class="L1") as scope:
            for name, both in READS.items():
                fast, slow = both(scope, area.Window(scope.codes, FIRST, LAST, as_of))
                assert fast == slow, (name, as_of)
                filled += bool(slow)
    assert filled > len(moments)


def test_what_came_since_a_moment_is_the_difference_of_what_was_known(
    offices: dict[str, Actor], moments: list[datetime]
) -> None:
    with scoped_read(offices["nation"], query="test", data_class="L1") as scope:
        for since, as_of in zip(moments, moments[3:], strict=False):
            late = [row for row in people(changes("counts.delta", scope.codes, as_of)) if row["known_at"] > since]
            found = area.changes_since(scope, scope.codes, since, as_of)
            assert read(found, "lsoa_code", "result") == added(late, "lsoa_code", "result")
            found = area.changes_since(scope, scope.codes, since, as_of, by_authority=True)
            assert read(found, "lsoa_code", "result") == added(late, "scope_ltla", "result")


@pytest.mark.parametrize("limit", [1, 3, 50])
def test_latest_arrivals_are_the_newest_minutes_of_all_changes(
    limit: int, offices: dict[str, Actor], moments: list[datetime]
) -> None:
    for who in ("county", "nation", "county"):
        with scoped_read(offices[who], query="test", data_class="L1") as scope:
            for as_of in moments:
                found = page_reads.latest_arrivals(scope, as_of, limit)
                assert found == obvious_arrivals(changes("counts.delta", scope.codes, as_of))[:limit]


def obvious_arrivals(rows: list[Change]) -> list[Change]:
    by_minute: dict[datetime, list[Change]] = defaultdict(list)
    for row in rows:
        if row["result"] != "case":
            by_minute[row["known_at"].replace(second=0, microsecond=0)].append(row)
    return [
        {"at": at, **{result: sum(row["n"] for row in found if row["result"] == result) for result in
                      ("positive", "negative", "void")}, "places": len({row["lsoa_code"] for row in found})}
        for at, found in sorted(by_minute.items(), reverse=True)
    ]  # fmt: skip


def test_minutes_are_added_up_from_their_ticks() -> None:
    at = datetime(2020, 6, 26, 9, 30, 5, tzinfo=UTC)
    ticks = [(at + timedelta(seconds=40), 3, ["a", "b"]), (at, 4, ["b"]), (at - timedelta(minutes=1), 5, ["c"])]
    rows = page_reads._by_minute((when, {"positive": n, "negative": 1, "void": 0, "places": s}) for when, n, s in ticks)
    assert [(row["at"].minute, row["positive"], row["negative"], row["places"]) for row in rows] == [
        (30, 7, 2, 2),
        (29, 5, 1, 1),
    ]


@pytest.mark.parametrize("small", [None, ("E01013601",), ("E01013601", "E01013702")])
def test_people_of_a_place_by_the_day_they_became_known(
    small: tuple[str, ...] | None, offices: dict[str, Actor], moments: list[datetime]
) -> None:
    with scoped_read(offices["city"], query="test", data_class="L1") as scope:
        for as_of in (moments[-1], moments[-1] + timedelta(hours=30, minutes=7)):
            ground = Ground(
                CITY, "ltla", "x", scope.codes, small, 1, "", (), (), (), "msoa", {}, "", {}, {},
            )  # fmt: skip
            found = place_reads.people_and_tests(scope, ground, (FIRST, LAST), as_of)
            rows = in_days(changes("counts.delta", scope.codes, as_of))
            for row in rows:
                row["ago"] = (as_of - row["known_at"]) // timedelta(days=1)
                row["is_own"] = small is None or row["lsoa_code"] in small
            slow = {
                key: (n, added([r for r in people(rows) if r["is_own"]], "specimen_day", "ago", "pillar")[key])
                for key, n in added(people(rows), "specimen_day", "ago", "pillar").items()
            }
            fast = {(r["day"], r["ago"], r["pillar"]): (r["whole"], r["own"]) for r in found.people if r["whole"]}
            assert fast == slow
            tests = [r for r in rows if r["is_own"] and r["result"] in ("positive", "negative")]
            shown = [r for r in found.tests if r["result"] in ("positive", "negative")]
            names = ("pillar", "test_type", "result")
            assert read(shown, "day", *names) == added(tests, "specimen_day", *names)


def obvious_homes(codes: tuple[str, ...], since: datetime, as_of: datetime, quiet: date) -> list[str]:
    """Homes all of whose standing cases since the quiet day became known after the instant."""
    versions: dict[Any, list[Change]] = defaultdict(list)
    for row in stored(
        "select c.*, t.known_at from record.case_version c join ledger.tick t on t.id = c.tick_id where t.known_at <= %s"
        " and c.scope_ltla = any (%s) and c.setting_type = 'care_home' and c.episode_start >= %s order by c.version",
        [as_of, list(codes), quiet],
    ):
        versions[row["case_id"]].append(row)
    homes: dict[str, list[datetime]] = defaultdict(list)
    for found in versions.values():
        if not found[-1]["withdrawn"] and found[-1]["setting_id"]:
            homes[found[-1]["setting_id"]].append(min(row["known_at"] for row in found))
    return sorted(home for home, known in homes.items() if min(known) > since)


@pytest.mark.parametrize("quiet", [FIRST, date(2020, 6, 15)])
def test_homes_newly_affected_are_those_without_an_earlier_case(
    quiet: date, offices: dict[str, Actor], moments: list[datetime]
) -> None:
    some = 0
    with scoped_read(offices["nation"], query="test") as scope:
        for since in moments:
            for as_of in moments:
                slow = obvious_homes(scope.codes, since, as_of, quiet)
                assert list(page_reads.new_care_homes(scope, since, as_of, quiet)) == slow, (since, as_of)
                some += bool(slow)
    assert some > 3


def test_nothing_kept_reaches_an_office_that_does_not_read_it(
    offices: dict[str, Actor], moments: list[datetime]
) -> None:
    kept.answers.clear()
    window = area.Window((CITY, COUNTY), FIRST, LAST, moments[-1])
    with scoped_read(offices["nation"], query="test", data_class="L1") as scope:
        both = area.authority_counts(scope, window)
        assert scope.counted == len(both)
    with scoped_read(offices["nation"], query="test", data_class="L1") as scope:
        assert area.authority_counts(scope, window) is both, "kept"
        assert scope.counted == len(both), "and still entered in the access record"
    assert {row["scope_ltla"] for row in both} == {CITY, COUNTY}
    with scoped_read(offices["city"], query="test", data_class="L1") as scope:
        assert {row["scope_ltla"] for row in area.authority_counts(scope, window)} == {CITY}


def test_what_may_still_change_is_not_kept(offices: dict[str, Actor], moments: list[datetime]) -> None:
    later = moments[-1] + timedelta(days=400)
    with scoped_read(offices["nation"], query="test", data_class="L1") as scope:
        window = area.Window(scope.codes, FIRST, LAST, later)
        before = area.daily_counts(scope, window)
    send(as_csv(record(record_id="late", person_id="late", revision="1", specimen_date="2020-06-20")))
    with scoped_read(offices["nation"], query="test", data_class="L1") as scope:
        assert sum(row["n"] for row in area.daily_counts(scope, window)) == sum(row["n"] for row in before) + 1


def test_the_longest_unasked_answers_go_first() -> None:
    store: kept.Kept[str] = kept.Kept(10)
    store.put("a", "first", 4)
    store.put("b", "second", 4)
    assert store.get("a") == "first"
    store.put("c", "third", 4)
    assert [store.get(key) for key in "abc"] == ["first", None, "third"]
    store.put("d", "larger than everything that may be kept", 11)
    assert store.get("d") is None
    store.clear()
    assert store.get("a") is None
