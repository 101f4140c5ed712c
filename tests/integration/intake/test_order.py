"""Law: whatever the order, the batches and the feeds, the database holds the same persons, cases and counts."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonweal.apps.intake import actions, preparing, rulebook, sources, writing
from commonweal.core.intake import few
from commonweal.core.intake.episodes import Evidence, episodes, makes_case
from commonweal.core.intake.persons import Traces, link

from .world import POSTCODES, as_csv, record, send, stored

pytestmark = pytest.mark.usefixtures("tokens")
TRIALS = itertools.count(1)
LSOA = {"LE1 1AA": "E01013601", "LE2 0AA": "E01013702", "LE18 1AA": "E01025801"}
FEEDS = ("lab-one", "lab-two")


def nhs_number(trial: int, person: int) -> str:
    """A valid NHS number that no other trial uses."""
    for number in itertools.count(400_000_000 + trial * 1000 + person * 20):
        digits = str(number)
        check = 11 - sum(int(d) * w for d, w in zip(digits, range(10, 1, -1), strict=True)) % 11
        if check != 10:
            return digits + str(check % 11)
    raise AssertionError


VERSION = st.fixed_dictionaries(
    {
        "feed": st.sampled_from(FEEDS),
        "record": st.integers(0, 3),
        "revision": st.integers(1, 3),
        "person": st.integers(0, 2),
        "nhs": st.one_of(st.none(), st.integers(0, 1)),
        "name": st.one_of(st.none(), st.integers(0, 1)),
        "birth": st.sampled_from(["1980-01-02", "1980-01-02", "1990-01-02"]),
        "sex": st.sampled_from(["female", "female", "unknown", "male"]),
        "result": st.sampled_from(["positive", "positive", "negative", "void"]),
        "test_type": st.sampled_from(["pcr", "lateral_flow", "antibody"]),
        "day": st.sampled_from([0, 1, 60, 90, 91, 150, 200]),
        "postcode": st.sampled_from(sorted(LSOA)),
    }
)


def as_record(trial: int, version: dict[str, Any]) -> dict[str, str]:
    taken = date(2020, 3, 1) + timedelta(days=version["day"])
    return record(
        record_id=f"{trial}-{version['record']}",
        revision=str(version["revision"]),
        person_id=f"{trial}-{version['person']}",
        nhs_number="" if version["nhs"] is None else nhs_number(trial, version["nhs"]),
        full_name=""
        if version["name"] is None
        else f"Ann T{'abcdefghij'[trial % 10]}{'x' * (trial // 10)}{'qrs'[version['name']]}",
        date_of_birth=version["birth"] if version["name"] is not None else "",
        sex=version["sex"],
        result=version["result"],
        test_type=version["test_type"],
        specimen_date=taken.isoformat(),
        reported_at=(taken + timedelta(days=1)).isoformat(),
        postcode=version["postcode"],
    )


def traces(version: dict[str, Any]) -> Traces:
    """What the record says of its person, unhashed."""
    identifiers = []
    if version["nhs"] is not None:
        identifiers.append(("1 nhs", version["nhs"]))
    if version["name"] is not None:
        identifiers.append(("2 name", version["name"], version["birth"], version["postcode"]))
    identifiers.append(("3 feed", version["feed"], version["person"]))
    return Traces(tuple(identifiers), version["birth"] if version["name"] is not None else None, version["sex"])


def expected(versions: list[dict[str, Any]]) -> tuple[Any, Any, Any]:
    """Persons as groups of versions, cases and counts by the plain rules."""
    pack = rulebook.pathogen_pack("covid-19")
    labels = link([traces(version) for version in versions])
    groups: dict[Any, set[Any]] = {}
    newest: dict[Any, Any] = {}
    for version, label in zip(versions, labels, strict=True):
        groups.setdefault(label, set()).add(key(version))
        newest[key(version)[:2]] = max(newest.get(key(version)[:2], (0,)), (version["revision"], label, key(version)))[
            :3
        ]
    by_key = {key(version): version for version in versions}
    current = [(by_key[full], label) for _, label, full in newest.values()]
    evidence = [
        (label, Evidence(date(2020, 3, 1) + timedelta(days=version["day"]), ()))
        for version, label in current
        if makes_case(pack, version["result"], version["test_type"])
    ]
    cases = {(frozenset(groups[label]), each.specimen_date) for label, each in episodes(evidence, pack)}
    counts = Counter(
        (LSOA[v["postcode"]], date(2020, 3, 1) + timedelta(days=v["day"]), v["test_type"], v["result"])
        for v, _ in current
    )
    return {frozenset(group) for group in groups.values()}, cases, counts


def key(version: dict[str, Any]) -> tuple[str, int, int]:
    return (version["feed"], version["record"], version["revision"])


def found(results: dict[int, tuple[str, int, int]]) -> tuple[Any, Any, Any]:
    """The same three as the database holds them, for the results of one trial."""
    rows = stored(
        "select r.id, case when x.component is null then c.root else r.link_id end as person"
        " from record.result r join identity.component c on c.id = r.person_id"
        " left join identity.conflict x on x.component = c.root where r.id = any (%s)",
        [list(results)],
    )
    groups: dict[Any, set[Any]] = {}
    for row in rows:
        groups.setdefault(row["person"], set()).add(results[row["id"]])
    ticks = [
        row["tick_id"]
        for row in stored("select distinct tick_id from record.result where id = any (%s)", [list(results)])
    ]
    cases = stored(
        "select * from (select distinct on (case_id) person_id, episode_start, withdrawn, lsoa_code from record.case_version"
        " where tick_id = any (%s) order by case_id, version desc) newest where not withdrawn",
        [ticks],
    )
    counts = stored(
        "select lsoa_code, specimen_day, test_type, result, sum(n)::int as n from counts.delta where tick_id = any (%s)"
        " group by 1, 2, 3, 4 having sum(n) <> 0",
        [ticks],
    )
    by_age = stored(
        "select result, sum(n)::int as n from counts.delta_age where tick_id = any (%s) group by 1 having sum(n) <> 0",
        [ticks],
    )
    of_results = Counter(
        {
            (r["lsoa_code"], r["specimen_day"], r["test_type"], r["result"]): r["n"]
            for r in counts
            if r["result"] != "case"
        }
    )
    cases_counted = Counter()
    for row in counts:
        if row["result"] == "case":
            cases_counted[row["lsoa_code"], row["specimen_day"]] += row["n"]
    assert +cases_counted == Counter((case["lsoa_code"], case["episode_start"]) for case in cases)
    assert {r["result"]: r["n"] for r in by_age} == dict(
        +(
            sum((Counter({k[3]: n}) for k, n in of_results.items() if k[2] != "antibody"), Counter())
            + Counter(case=len(cases))
        )
    )
    held = {(frozenset(groups[case["person_id"]]), case["episode_start"]) for case in cases}
    return {frozenset(group) for group in groups.values()}, held, of_results


# the ways a record may go, by the least records of a batch for each: one by one, by steps, plain ones straight; and
# plain ones straight in chunks of one to three records of one submission, as those of a large file are taken in
WAYS = {
    "few": (few.FEW, writing.PLAIN_ROWS),
    "steps": (0, writing.PLAIN_ROWS),
    "plain": (0, 1),
    "plain in chunks": (0, 1),
}
CHUNK = 600


def in_small_blocks(source: sources.Source) -> Iterator[bytes]:
    return (source.body[start : start + 50] for start in range(0, len(source.body), 50))


@contextmanager
def cut_small(way: str) -> Iterator[None]:
    """Let one submission come in several chunks, where the way asks for it."""
    with pytest.MonkeyPatch.context() as patch:
        if way == "plain in chunks":
            patch.setattr(sources.Source, "blocks", in_small_blocks)
            patch.setattr(actions.take_in, "__kwdefaults__", {"chunk_bytes": CHUNK})
        yield


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(versions=st.lists(VERSION, min_size=1, max_size=8, unique_by=key), data=st.data())
def test_any_order_batches_and_feeds_give_what_the_plain_rules_say(
    way: str, monkeypatch: pytest.MonkeyPatch, versions: list[dict[str, Any]], data: st.DataObject
) -> None:
    monkeypatch.setattr(preparing, "FEW", WAYS[way][0])
    monkeypatch.setattr(writing, "PLAIN_ROWS", WAYS[way][1])
    assert len(POSTCODES) > len(LSOA)
    trial = next(TRIALS)
    order = data.draw(st.permutations(versions))
    again = data.draw(st.lists(st.sampled_from(versions), max_size=2))
    results: dict[int, tuple[str, int, int]] = {}
    sent = 0
    outcomes: Counter[str] = Counter()
    for batch in batches([*order, *again], data):
        for feed in FEEDS:
            mine = [version for version in batch if version["feed"] == feed]
            if not mine:
                continue
            sent += 1
            # an unknown column makes the bytes differ, so that a batch is never taken for one that came before
            with cut_small(way):
                receipt = send(as_csv(*[as_record(trial, v) | {"batch": f"{trial}/{sent}"} for v in mine]), feed)
            for row in stored(
                "select row_number, outcome, result_id from intake.outcome where submission_id = %s",
                [receipt.submission],
            ):
                outcomes[row["outcome"]] += 1
                if row["result_id"] is not None:
                    results[row["result_id"]] = key(mine[row["row_number"] - 1])
    records = {key(version)[:2] for version in versions}
    assert outcomes == +Counter(accepted=len(records), superseded=len(versions) - len(records), duplicate=len(again))
    assert found(results) == expected(versions)


def batches(versions: list[dict[str, Any]], data: st.DataObject) -> list[list[dict[str, Any]]]:
    cuts = sorted(data.draw(st.sets(st.integers(1, len(versions)), max_size=4)) | {len(versions)})
    return [versions[start:end] for start, end in zip([0, *cuts], cuts, strict=False)]
