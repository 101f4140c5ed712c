"""The line list carries the truth, with the faults it is said to have and no others."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from commonweal.core.errors import Refused
from commonweal.synthetic.delays import to_utc
from commonweal.synthetic.epidemic import Plan, default_plan, simulate
from commonweal.synthetic.identifiers import nhs_number_pool
from commonweal.synthetic.linelist import FEEDS, LABORATORY_FIELDS, write_line_list
from commonweal.synthetic.live import demo_outbreak, live
from commonweal.synthetic.outbreak import Outbreak, line_list, make_outbreak
from commonweal.synthetic.people import ages_on, day_number
from commonweal.synthetic.truth import reporting_triangle, true_counts, truth
from commonweal.synthetic.world import World


@pytest.fixture(scope="module")
def rows(outbreak: Outbreak) -> pl.DataFrame:
    return line_list(outbreak)


@pytest.fixture(scope="module")
def final(rows: pl.DataFrame) -> pl.DataFrame:
    """The last version of each record, once."""
    return rows.sort("record_id", pl.col("revision").cast(pl.Int64)).unique(
        "record_id", keep="last", maintain_order=True
    )


def test_nobody_is_infected_twice_or_before_their_infector(outbreak: Outbreak) -> None:
    infections = outbreak.infections
    assert len(np.unique(infections.person)) == len(infections.person)
    later = infections.infector >= 0
    assert (infections.day[later] > infections.day[infections.infector[later]]).all()
    assert (infections.cluster[later] == infections.cluster[infections.infector[later]]).all()
    assert (infections.generation[later] > infections.generation[infections.infector[later]]).all()


def test_household_infections_stay_in_the_household(outbreak: Outbreak) -> None:
    table, people = truth(outbreak), outbreak.world.people
    inside = table.filter(pl.col("route") == "household")
    infector = table["person"].gather(inside["infector"]).to_numpy()
    assert (people.household[inside["person"].to_numpy()] == people.household[infector]).all()
    assert len(inside) > 100


def test_each_planted_cluster_is_where_it_was_planted(outbreak: Outbreak) -> None:
    table = truth(outbreak)
    for cluster in outbreak.plan.clusters:
        members = table.filter(pl.col("cluster") == cluster.name)
        assert len(members) >= 10, cluster.name
        assert members["infected_on"].min() >= date(1970, 1, 1) + timedelta(days=cluster.first_day)
    work = outbreak.world.settings.work[table.filter(pl.col("cluster") == "workplace")["person"].to_numpy()]
    setting = outbreak.plan.clusters[1].setting
    assert (work == setting).mean() > 0.4
    assert (outbreak.world.settings.work == setting).mean() < 0.05


def test_the_background_is_steady_and_clusters_are_apart(world: World) -> None:
    alone = simulate(world, Plan(date(2020, 4, 10), 70), seed=5)
    weeks = np.bincount((alone.day - alone.day.min()) // 7)
    assert weeks[3:9].max() < 3 * weeks[3:9].min()
    assert not alone.cluster.any()


def test_columns_are_what_a_laboratory_sends(rows: pl.DataFrame) -> None:
    assert tuple(rows.columns) == LABORATORY_FIELDS
    assert set(rows.dtypes) == {pl.String}


def test_the_last_versions_give_the_true_counts_by_day(outbreak: Outbreak, final: pl.DataFrame) -> None:
    current = final.filter(pl.col("test_type") != "antibody")
    counted = current.group_by(pl.col("specimen_date").str.head(10).alias("day"), "result").len()
    expected = (
        true_counts(outbreak, "ltla")
        .group_by(pl.col("date").cast(pl.String).alias("day"))
        .agg(pl.col("positive", "negative", "void").sum())
    )
    for result in ("positive", "negative", "void"):
        want = {day: n for day, n in expected.select("day", result).iter_rows() if n}
        got = dict(counted.filter(pl.col("result") == result).select("day", "len").iter_rows())
        assert got == want


def test_the_last_versions_give_the_true_counts_by_place_where_the_postcode_is_right(
    outbreak: Outbreak, final: pl.DataFrame
) -> None:
    postcodes = outbreak.world.geography.postcodes
    codes = outbreak.world.geography.lsoas["msoa11cd"].gather(postcodes["lsoa"])
    place = pl.DataFrame({"postcode": postcodes["pcds"], "code": codes})
    latest = outbreak.messages.sort("record_id", "revision").unique("record_id", keep="last")
    faulty = set(latest.filter("faulty_postcode")["record_id"])
    positive = final.filter((pl.col("result") == "positive") & (pl.col("test_type") != "antibody"))
    right = positive.filter(~pl.col("record_id").is_in(faulty)).join(place, on="postcode", how="left")
    counted = right.group_by("code").len()
    expected = dict(true_counts(outbreak, "msoa").group_by("code").agg(pl.col("positive").sum()).iter_rows())
    assert right["code"].null_count() == 0
    assert all(n <= expected[code] for code, n in counted.iter_rows())
    assert sum(expected.values()) - counted["len"].sum() == len(positive) - len(right)
    assert len(faulty) < 0.04 * len(final)


def test_first_positives_of_people_are_the_true_ones(outbreak: Outbreak, final: pl.DataFrame) -> None:
    known = truth(outbreak).drop_nulls("first_positive").select("nhs_number", pl.col("first_positive").cast(pl.String))
    named = final.filter(
        (pl.col("nhs_number") != "") & (pl.col("result") == "positive") & (pl.col("test_type") != "antibody")
    )
    found = named.group_by("nhs_number").agg(pl.col("specimen_date").str.head(10).min().alias("found"))
    joined = found.join(known, on="nhs_number", how="left")
    assert joined["first_positive"].null_count() == 0
    assert (joined["found"] >= joined["first_positive"]).all()
    assert (joined["found"] == joined["first_positive"]).mean() > 0.97  # the rest: first test came without a number


def test_about_ten_negatives_a_positive(final: pl.DataFrame) -> None:
    counts = dict(final.filter(pl.col("test_type") != "antibody")["result"].value_counts().iter_rows())
    assert 8.5 < counts["negative"] / counts["positive"] < 11.5
    assert 0.005 < counts["void"] / len(final) < 0.02


def test_nobody_infected_lately_is_drawn_as_a_negative(outbreak: Outbreak) -> None:
    specimens, infections = outbreak.specimens, outbreak.infections
    infected = dict(zip(infections.person.tolist(), infections.day.tolist(), strict=True))
    others = specimens.infection < 0
    ago = [
        d - infected[p]
        for p, d in zip(specimens.person[others].tolist(), specimens.day[others].tolist(), strict=True)
        if p in infected
    ]
    assert ago
    assert not [days for days in ago if 0 <= days <= 21]


def test_ages_agree_with_birth_dates(rows: pl.DataFrame) -> None:
    for born, day, age in rows.select("date_of_birth", "specimen_date", "age_years").sample(500, seed=2).iter_rows():
        birth, on = date.fromisoformat(born), date.fromisoformat(day[:10])
        assert int(age) == on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


def test_one_person_has_one_name_birth_date_and_number(rows: pl.DataFrame) -> None:
    person = rows.group_by("person_id").agg(
        pl.col("full_name").n_unique(), pl.col("date_of_birth").n_unique(),
        pl.col("nhs_number").filter(pl.col("nhs_number") != "").n_unique().alias("numbers"),
    )  # fmt: skip
    assert person["full_name"].max() == 1
    assert person["date_of_birth"].max() == 1
    assert person["numbers"].max() == 1


def test_people_seen_by_both_feeds_have_two_person_ids_and_one_nhs_number(outbreak: Outbreak) -> None:
    hospital, national = (line_list(outbreak, feed=feed) for feed in FEEDS)
    assert not set(hospital["person_id"]) & set(national["person_id"])
    both = set(hospital["nhs_number"]) & set(national["nhs_number"]) - {""}
    assert len(both) > 5


def test_times_run_from_swab_to_laboratory_to_report(rows: pl.DataFrame) -> None:
    times = rows.with_columns(
        pl.col("lab_received_at", "reported_at").str.to_datetime("%Y-%m-%dT%H:%M:%SZ"),
        pl.col("specimen_date").str.head(10).str.to_date().alias("day"),
    )
    assert (times["reported_at"] > times["lab_received_at"]).all()
    in_london = times["lab_received_at"].dt.replace_time_zone("UTC").dt.convert_time_zone("Europe/London")
    assert (in_london.dt.date() >= times["day"]).all()
    first = times.filter(pl.col("revision") == "1")
    delay = (first["reported_at"].dt.date() - first["day"]).dt.total_days()
    hospital, community = delay.filter(first["pillar"] == "pillar1"), delay.filter(first["pillar"] == "pillar2")
    assert hospital.mean() < 1.0 < community.mean() < 3.0


def test_shares_of_faults_are_the_stated_ones(rows: pl.DataFrame) -> None:
    count = len(rows)
    assert 0.08 < (rows["nhs_number"] == "").mean() < 0.12
    assert 0.01 < (rows["postcode"] == "").mean() < 0.03
    assert 0.015 < (rows["revision"] == "2").mean() < 0.05
    repeats = count - rows.unique().height
    assert 0.004 * count < repeats < 0.013 * count
    versions = rows.unique().group_by("record_id", "revision").len()
    assert versions["len"].max() == 1  # a repeat is word for word


def test_corrections_come_after_what_they_correct(outbreak: Outbreak) -> None:
    first_sent = outbreak.messages.group_by("record_id", "revision").agg(pl.col("sent").min())
    both = first_sent.filter(pl.col("revision") == 2).join(
        first_sent.filter(pl.col("revision") == 1), on="record_id", how="left"
    )
    assert len(both) > 20
    assert (both["sent"] > both["sent_right"]).all()


def test_all_that_is_said_of_people_is_invented(rows: pl.DataFrame) -> None:
    pool = set(nhs_number_pool().tolist())
    assert {int(number) for number in rows["nhs_number"] if number} <= pool
    assert all(p.startswith("ZZ") for c in ("postcode", "workplace_postcode") for p in rows[c] if p)
    assert all(e.endswith("@example.org") for e in rows["email"] if e)
    assert all(p[:9] in {"07700 900", "01632 960", "020 7946 ", "0116 496 "} for p in rows["phone"] if p)


def test_the_reporting_triangle_counts_first_reports(outbreak: Outbreak) -> None:
    triangle = reporting_triangle(outbreak)
    positives = true_counts(outbreak, "ltla")["positive"].sum()
    assert 0.97 * positives < triangle["count"].sum() <= positives
    assert triangle["delay_days"].is_between(0, 14).all()


def test_written_lists_are_the_same_bytes_plain_or_gzipped(rows: pl.DataFrame, tmp_path: Path) -> None:
    assert write_line_list(tmp_path / "a.csv", rows) == len(rows)
    write_line_list(tmp_path / "a.csv.gz", rows)
    write_line_list(tmp_path / "b.csv.gz", rows)
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()
    assert gzip.decompress((tmp_path / "a.csv.gz").read_bytes()) == (tmp_path / "a.csv").read_bytes()
    back = pl.read_csv(tmp_path / "a.csv", infer_schema=False).fill_null("")
    assert back.equals(rows)
    with pytest.raises(Refused, match=r"\.csv"):
        write_line_list(tmp_path / "a.xlsx", rows)


def test_live_batches_are_what_the_list_grows_by(world: World) -> None:
    now = datetime(2020, 7, 1, 8, 0, tzinfo=UTC)
    demo = demo_outbreak(9, now, world=world)
    batches = list(live(9, now, hours=30, outbreak=demo))
    before, after = line_list(demo, until=now), line_list(demo, until=now + timedelta(hours=30))
    assert pl.concat([before, *(b.rows for b in batches)]).sort(LABORATORY_FIELDS).equals(after.sort(LABORATORY_FIELDS))
    assert [b.at for b in batches] == sorted(b.at for b in batches)
    assert all(now < b.at <= now + timedelta(hours=30) for b in batches)
    assert len(batches) > 20
    assert {b.feed for b in batches} == set(FEEDS)
    with pytest.raises(Refused, match="zone"):
        demo_outbreak(9, datetime(2020, 7, 1), world=world)  # noqa: DTZ001 - the fault under test


def test_an_unknown_feed_and_a_short_plan_are_refused(outbreak: Outbreak, world: World) -> None:
    with pytest.raises(Refused, match="hospital-laboratories"):
        line_list(outbreak, feed="post")
    with pytest.raises(Refused, match="at least 7"):
        make_outbreak(world, 1, date(2020, 5, 1), days=3)


def test_clusters_of_the_usual_plan_lie_in_neighbouring_areas_of_the_city(world: World) -> None:
    layout = world.geography.layout
    middles = default_plan(world, date(2020, 4, 10), 70).clusters[0].middle_areas
    assert len(middles) >= 2
    pairs = {tuple(sorted(pair)) for pair in layout.middle[layout.cells.neighbours()].tolist()}
    assert all(tuple(sorted((middles[0], other))) in pairs for other in middles[1:])
    assert set(layout.district[np.isin(layout.middle, middles)]) == {0}


def test_ages_on_by_the_calendar() -> None:
    birth = np.array([day_number(date(2000, 2, 29)), day_number(date(1999, 12, 31)), day_number(date(2020, 6, 1))])
    on = np.array([day_number(date(2021, 2, 28)), day_number(date(2020, 12, 31)), day_number(date(2020, 6, 1))])
    assert ages_on(birth, on).tolist() == [20, 21, 0]


def test_london_wall_clock_to_utc() -> None:
    winter, summer = datetime(2020, 1, 15, 12, 0), datetime(2020, 7, 15, 12, 0)  # noqa: DTZ001 - wall clock
    epoch = datetime(1970, 1, 1)  # noqa: DTZ001 - wall clock
    wall = np.array([(t - epoch) // timedelta(minutes=1) for t in (winter, summer)])
    assert (wall - to_utc(wall)).tolist() == [0, 60]
