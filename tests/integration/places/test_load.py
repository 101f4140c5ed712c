"""Loading official files: whole or not at all, in any order, once; and what is in force afterwards."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.db import Error

from commonweal.apps.places import queries
from commonweal.apps.places.actions import load_files
from commonweal.core.errors import NotThere, Refused
from commonweal.web import db
from tests.unit.places.build import NSPL_2025 as ONLY_2021

from .build import AREAS, NO_2021, PEOPLE, directory, empty_places, lsoa_table, newer, postcode, saved

pytestmark = pytest.mark.usefixtures("empty")

FIRST = [postcode("LE1 1AA", 0), postcode("LE1 1AB", 3), postcode("LE1 1AW", 6, doterm="200603")]


@pytest.fixture
def empty(space: str) -> None:
    """No place is loaded."""
    empty_places()


def load(folder: Path, name: str, data: bytes, **options: object) -> list:
    return load_files([saved(folder, name, data)], **options)  # type: ignore[arg-type]


def facts() -> dict[str, int]:
    tables = ("dataset", "area", "area_parent", "population", "deprivation", "neighbour", "boundary", "postcode")
    return {t: db.value("app", f"select count(*) from places.{t}") for t in tables}


def ticks() -> int:
    return db.value("app", "select count(*) from ledger.tick")


def test_an_area_table_and_a_directory_in_the_wrong_order(tmp_path):
    paths = [saved(tmp_path, "ONSPD_MAY_2020.csv.gz", directory(*FIRST)), saved(tmp_path, "lsoa.csv", lsoa_table())]
    answers = load_files(paths)
    assert [(a.layout, a.rows, a.replayed) for a in answers] == [("lsoa_table", 10, False), ("onspd", 3, False)]
    assert answers[1].edition == date(2020, 5, 1)
    assert answers[1].new == 3
    found = queries.postcode("le1 1ab")
    assert found is not None
    assert (found.pcds, found.lsoa_code, found.msoa_code, found.scope_ltla) == (
        "LE1 1AB",
        "E01000004",
        "E02000003",
        "E07000129",
    )
    assert (found.utla_code, found.region_code, found.country_code) == ("E10000018", "E12000004", "E92000001")
    assert (found.scope_basis, found.terminated) == ("small_area", False)
    assert queries.postcode("LE1 1AW").terminated
    assert queries.postcode("LE9 9ZZ") is None


def test_postcodes_alone_name_what_must_come_first(tmp_path):
    with pytest.raises(Refused, match="a table of LSOAs with their authorities must be loaded first"):
        load(tmp_path, "onspd.csv", directory(*FIRST))
    assert set(facts().values()) == {0}


def test_the_same_bytes_again_change_nothing_and_say_so(tmp_path):
    paths = [saved(tmp_path, "lsoa.csv", lsoa_table()), saved(tmp_path, "onspd-2020-05.csv", directory(*FIRST))]
    load_files(paths)
    before, entries = facts(), ticks()
    again = load_files(paths[::-1])
    assert [(a.layout, a.replayed, a.new, a.rows) for a in again] == [
        ("lsoa_table", True, 0, 10),
        ("onspd", True, 0, 3),
    ]
    assert (facts(), ticks()) == (before, entries)


def test_one_file_named_twice_is_loaded_once(tmp_path):
    path = saved(tmp_path, "lsoa.csv", lsoa_table())
    assert [a.replayed for a in load_files([path, path])] == [False, True]


def test_a_wrong_file_takes_the_others_with_it(tmp_path):
    good = saved(tmp_path, "lsoa.csv", lsoa_table())
    bad = saved(tmp_path, "onspd.csv", directory(postcode("LE1 1AA"), postcode("LE1 1AB", ltla="Leicester")))
    with pytest.raises(Refused, match="onspd.csv, row 3, column oslaua: 'Leicester' is not an LTLA code"):
        load_files([good, bad])
    assert set(facts().values()) == {0}


def test_a_file_cut_off_in_a_later_load_leaves_what_was_there(tmp_path):
    load(tmp_path, "lsoa.csv", lsoa_table())
    load(tmp_path, "onspd-2020-05.csv", directory(*FIRST))
    before = facts()
    packed = saved(tmp_path, "onspd-2020-08.csv.gz", directory(*FIRST, postcode("LE1 1AD"))).read_bytes()
    (tmp_path / "half.csv.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(Refused, match="the gzip breaks off"):
        load_files([tmp_path / "half.csv.gz"])
    assert facts() == before
    assert db.value("app", "select count(*) from places.postcode_now") == 3


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(NotThere, match="No such file"):
        load_files([tmp_path / "none.csv"])


def test_each_load_is_in_the_ledger_with_its_digest(tmp_path):
    load(tmp_path, "lsoa.csv", lsoa_table())
    entry = db.one(
        "app",
        "select e.kind, e.subject, t.body from ledger.entry e join ledger.entry_text t on t.entry_id = e.id"
        " order by e.tick_id desc limit 1",
    )
    assert entry["kind"] == "places.loaded"
    assert len(entry["subject"]) == 64
    assert entry["body"] == {"layout": "lsoa_table", "label": "lsoa.csv", "rows": 10}


def test_a_newer_edition_adds_versions_and_the_old_meaning_stays(tmp_path):
    load(tmp_path, "lsoa.csv", lsoa_table())
    load(tmp_path, "onspd-2020-05.csv", directory(*FIRST))
    then = db.freeze()
    changed = [FIRST[0], {**FIRST[1], **postcode("LE1 1AB", 5), "doterm": "202104"}, FIRST[2], postcode("LE1 1AD", 1)]
    answer = load(tmp_path, "onspd-2021-05.csv", directory(*changed))[0]
    assert answer.new == 2  # one changed, one added; two said nothing new
    now, before = queries.postcode("LE1 1AB"), queries.postcode_as_of("LE1 1AB", then)
    assert (now.lsoa_code, now.scope_ltla, now.terminated) == ("E01000006", "E07000130", True)
    assert (before.lsoa_code, before.scope_ltla, before.terminated) == ("E01000004", "E07000129", False)
    assert queries.postcode_as_of("LE1 1AD", then) is None
    assert queries.postcode_as_of("LE1 1AD", db.freeze()) == queries.postcode("LE1 1AD")


def test_a_postcode_in_use_again_is_no_longer_terminated(tmp_path):
    load(tmp_path, "lsoa.csv", lsoa_table())
    load(tmp_path, "onspd-2020-05.csv", directory(*FIRST))
    load(tmp_path, "onspd-2021-05.csv", directory(postcode("LE1 1AW", 6, doterm="")))
    assert not queries.postcode("LE1 1AW").terminated


def test_a_file_of_2021_areas_keeps_what_the_older_one_knew(tmp_path):
    load(tmp_path, "lsoa.csv", lsoa_table())
    load(tmp_path, "onspd-2020-05.csv", directory(*FIRST))
    new_codes = {"oa21": "E00100001", "lsoa21": "E01050001", "msoa21": "E02010001"}
    load(tmp_path, "onspd-2025-11.csv", directory({**FIRST[0], **new_codes, "ltla": "E06000016"}, header=ONLY_2021))
    row = db.one("app", "select * from places.postcode_current where pcd = 'LE11AA'")
    assert (row["lsoa11_code"], row["lsoa21_code"], row["scope_ltla"]) == ("E01000001", "E01050001", "E06000016")


def test_an_older_edition_only_fills_what_was_not_known(tmp_path):
    load(tmp_path, "lsoa.csv", lsoa_table())
    recent = {**FIRST[0], "oa21": "E00100001", "lsoa21": "E01050001", "msoa21": "E02010001"}
    load(tmp_path, "nspl-2025-11.csv", directory(recent, header=ONLY_2021))
    assert db.value("app", "select lsoa11_code from places.postcode_current where pcd = 'LE11AA'") is None
    older = [{**FIRST[0], "ltla": "E07000129", "doterm": "201912"}, postcode("LE1 1AZ", 4)]
    assert load(tmp_path, "onspd-2020-05.csv", directory(*older))[0].new == 2
    row = db.one("app", "select * from places.postcode_current where pcd = 'LE11AA'")
    assert (row["lsoa11_code"], row["ltla_code"], row["terminated"]) == ("E01000001", "E06000016", False)
    assert queries.postcode("LE1 1AZ").scope_ltla == "E07000129"


def test_what_is_in_force_is_what_the_versions_amount_to(tmp_path):
    load(tmp_path, "lsoa.csv", lsoa_table())
    load(tmp_path, "onspd-2021-05.csv", directory(*FIRST))
    load(tmp_path, "nspl-2025-11.csv", directory({**FIRST[0], "lsoa21": "E01050001"}, header=ONLY_2021))
    load(tmp_path, "onspd-2020-05.csv", directory(postcode("LE1 1AA", 1), postcode("LE1 1AZ", 4)))
    load(tmp_path, "onspd-2026-05.csv", newer(postcode("LE1 1AB", 5, doterm="202601"), postcode("LE1 1AQ", 9)))
    assert db.value("app", "select places.postcode_differences()") == 0
    rows = "select * from places.postcode_now order by pcd"
    before = db.rows("app", rows)
    db.value("migrate", "select places.rebuild_postcodes()")
    assert db.rows("app", rows) == before
    assert {row["rows_without_dataset"] for row in db.rows("app", "select * from places.orphans()")} == {0}


def test_differences_would_be_seen(tmp_path):
    load(tmp_path, "lsoa.csv", lsoa_table())
    load(tmp_path, "onspd-2020-05.csv", directory(*FIRST))
    db.rows("migrate", "update places.postcode_now set lsoa11 = 'E01000009' where pcd = 'LE11AA' returning 1")
    assert db.value("app", "select places.postcode_differences()") == 1


def test_northern_ireland_is_left_out_and_said(tmp_path):
    load(tmp_path, "lsoa.csv", lsoa_table())
    answer = load(tmp_path, "onspd-2020-05.csv", directory(FIRST[0], postcode("BT1 1AA", ltla="N09000003")))[0]
    assert (answer.rows, answer.left_out) == (1, 1)
    assert queries.postcode("BT1 1AA") is None
    assert queries.why_no_place("BT1 1AA") == "northern_ireland"


def test_why_a_postcode_gives_no_place(tmp_path):
    load(tmp_path, "lsoa.csv", lsoa_table())
    nowhere = {
        **dict.fromkeys(("oa11", "lsoa11", "msoa11", "ltla", "county", "ward", "region"), "L99999999"),
        **NO_2021,
    }
    load(
        tmp_path,
        "onspd-2020-05.csv",
        directory(FIRST[0], {**FIRST[0], "pcds": "JE2 3AB", **nowhere, "country": "L93000001"}),
    )
    words = {text: queries.why_no_place(text) for text in ("LE1 1AA", "JE2 3AB", "LE9 9ZZ", "75001", "ZZ99 3VZ")}
    assert words == {
        "LE1 1AA": "",
        "JE2 3AB": "jersey",
        "LE9 9ZZ": "not_known",
        "75001": "not_a_postcode",
        "ZZ99 3VZ": "pseudo",
    }


def test_a_postcode_without_a_known_small_area_is_scoped_by_its_authority(tmp_path):
    load(tmp_path, "lsoa.csv", lsoa_table())
    wales = {
        "lsoa11": "W01000001",
        "msoa11": "W02000001",
        "oa11": "W00000001",
        "ltla": "W06000015",
        "country": "W92000004",
    }
    rows = [
        postcode("LE1 1AA", lsoa11="", oa11="", msoa11="", ltla="E07000130"),
        {**postcode("CF1 1AA"), **wales, "region": "W99999999", "county": "W99999999", "ward": "W05000001"},
        postcode("LE1 1AB", lsoa11="", oa11="", msoa11="", ltla="E06000061"),
    ]
    load(tmp_path, "onspd-2021-05.csv", directory(*rows))
    blank, cardiff, merged = (queries.postcode(p) for p in ("LE1 1AA", "CF1 1AA", "LE1 1AB"))
    assert (blank.scope_ltla, blank.scope_basis, blank.utla_code) == ("E07000130", "authority", "E10000018")
    assert (cardiff.scope_ltla, cardiff.utla_code, cardiff.lsoa_code) == ("W06000015", "W06000015", "W01000001")
    assert cardiff.country_code == "W92000004"
    assert merged.scope_ltla is None  # it covers two authorities of the scope vintage, so nobody can tell which
    assert queries.resolve_scope("W92000004") == ["W06000015"]


def test_the_scope_vintage_is_settled_once(tmp_path):
    load(tmp_path, "lsoa.csv", lsoa_table())
    assert queries.scope_vintage() == {"name": "lad19", "ltla_vintage": 2019, "small_area_vintage": 2011}
    other = lsoa_table().replace(b"Blaby", b"Blabye")
    with pytest.raises(Refused, match="scoped by the authorities of 2019 here, not of 2021"):
        load(tmp_path, "lsoa2.csv", other, scope_vintage=2021)
    load(tmp_path, "lsoa2.csv", other)
    assert queries.area("E07000129").name == "Blabye"


def test_another_scope_vintage_can_be_chosen_at_first(tmp_path):
    with pytest.raises(Refused, match="names authorities of 2019, 2021, not of 2020"):
        load(tmp_path, "lsoa.csv", lsoa_table(), scope_vintage=2020)
    load(tmp_path, "lsoa.csv", lsoa_table(), scope_vintage=2021)
    load(tmp_path, "onspd-2020-05.csv", directory(postcode("LE1 1AA", 6)))
    assert queries.postcode("LE1 1AA").scope_ltla == "E06000061"
    assert queries.resolve_scope("E07000151") == ["E06000061"]  # an old district: most of it lies in the new authority


def test_changed_codes_of_2021_lead_to_the_small_area_of_the_scope(tmp_path):
    changes = "LSOA11CD,LSOA21CD,LSOA21NM,LAD22CD\nE01000004,E01050004,Blaby 001F,E07000129\n"
    load_files([saved(tmp_path, "lsoa.csv", lsoa_table()), saved(tmp_path, "changes.csv", changes.encode())])
    only_2021 = {"lsoa21": "E01050004", "oa21": "E00100001", "msoa21": "E02010001"}
    load(tmp_path, "nspl-2025-11.csv", directory({**FIRST[1], **only_2021}, header=ONLY_2021))
    found = queries.postcode("LE1 1AB")
    assert (found.lsoa_code, found.scope_ltla, found.scope_basis) == ("E01000004", "E07000129", "small_area_lookup")


def test_a_file_of_most_of_the_country_teaches_its_own_authorities(tmp_path):
    load(tmp_path, "lsoa.csv", lsoa_table())
    whole = [postcode(f"LE1 {n}AA", n, ltla="E06000099" if n in (3, 4, 5) else AREAS[n][2]) for n in range(10)]
    load(tmp_path, "onspd-2030-05.csv", newer(*whole))
    assert queries.resolve_scope("E06000099") == ["E07000129", "E07000130"]


def test_an_extract_teaches_nothing_of_authorities_it_only_touches(tmp_path):
    load(tmp_path, "lsoa.csv", lsoa_table())
    load(tmp_path, "onspd-2030-05.csv", newer(postcode("LE1 1AA", 3, ltla="E06000099")))
    assert queries.resolve_scope("E06000099") == []


def test_run_time_roles_cannot_write_what_is_in_force(tmp_path):
    load(tmp_path, "lsoa.csv", lsoa_table())
    for alias in ("app", "ingest", "web"):
        for statement in ("update places.postcode_now set ltla = 'x'", "delete from places.scope_cover"):
            with pytest.raises(Error, match="permission denied"):
                db.rows(alias, statement)
    with pytest.raises(Error, match="permission denied"):
        db.rows("app", "select places.refresh_areas()")


def test_facts_of_places_are_kept(tmp_path):
    load(tmp_path, "lsoa.csv", lsoa_table())
    with pytest.raises(Error, match="holds facts"):
        db.rows("migrate", "delete from places.area")


def test_what_was_known_is_by_tick_not_by_edition(tmp_path):
    load(tmp_path, "lsoa.csv", lsoa_table())
    load(tmp_path, "onspd-2020-05.csv", directory(*FIRST))
    assert queries.postcode_as_of("LE1 1AA", datetime.now(UTC) - timedelta(days=1)) is None
    assert queries.denominators(["E06000016"], level="ltla")["E06000016"].n == PEOPLE * 3


def test_extra_columns_and_quotes_make_no_difference(tmp_path):
    rows = list(csv.reader(io.StringIO(directory(*FIRST).decode())))
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([[*rows[0], "added"], *([*row, "a,b\nc"] for row in rows[1:])])
    load(tmp_path, "lsoa.csv", lsoa_table())
    assert load(tmp_path, "onspd-2020-05.csv", text.getvalue().encode())[0].new == 3


def test_postcodes_follow_when_the_hierarchy_is_told_more(tmp_path):
    load(tmp_path, "lsoa.csv", lsoa_table())
    only_2021 = {"lsoa21": "E01050004", "oa21": "E00100001", "msoa21": "E02010001"}
    load(tmp_path, "nspl-2025-11.csv", directory({**FIRST[1], **only_2021}, header=ONLY_2021))
    before = queries.postcode("LE1 1AB")
    assert (before.lsoa_code, before.scope_basis) == ("E01050004", "authority")
    changes = "LSOA11CD,LSOA21CD,LSOA21NM,LAD22CD\nE01000004,E01050004,Blaby 001F,E07000129\n"
    load(tmp_path, "changes.csv", changes.encode())
    after = queries.postcode("LE1 1AB")
    assert (after.lsoa_code, after.msoa_code, after.scope_basis) == ("E01000004", "E02000003", "small_area_lookup")
    assert db.value("app", "select places.postcode_differences()") == 0
