"""Area codes and age bands: what a code or a heading means by itself."""

import pytest

from commonweal.core.places import bands, codes


@pytest.mark.parametrize(
    ("code", "level"),
    [
        ("E00000001", "oa"),
        ("W01000001", "lsoa"),
        ("S02000001", "msoa"),
        ("E05000001", "ward"),
        ("E06000016", "ltla"),
        ("E10000018", "utla"),
        ("E12000004", "region"),
        ("E92000001", "country"),
        ("E99999999", None),
        ("E0600001", None),
        ("e06000016", None),
        ("E06000016\n", None),
    ],
)
def test_the_level_of_a_code(code, level):
    assert codes.level_of(code) == level


def test_authorities_of_both_tiers():
    assert codes.is_both_tiers("E06000016")
    assert codes.is_both_tiers("E09000001")
    assert not codes.is_both_tiers("E07000129")
    assert not codes.is_both_tiers("E10000018")


def test_the_country_of_a_code():
    assert [codes.country_of(c) for c in ("E01000001", "W06000015", "S12000033", "N09000003")] == [
        "E92000001",
        "W92000004",
        "S92000003",
        None,
    ]


@pytest.mark.parametrize(
    ("heading", "band"),
    [
        ("age_0_4", "0-4"),
        ("0_15", "0-15"),
        ("65plus", "65+"),
        ("90+", "90+"),
        ("age_90plus", "90+"),
        ("7", "7-7"),
        ("Age 10 14", "10-14"),
        ("all", None),
        ("0-4 years", None),
    ],
)
def test_headings_of_age_bands(heading, band):
    assert bands.band(heading) == band


def test_single_years_of_a_band():
    assert bands.single_years_in("0-4") == ["0", "1", "2", "3", "4"]
    assert bands.single_years_in("90+") == ["90+"]
    assert bands.single_years_in("65+") == [*map(str, range(65, 90)), "90+"]


@pytest.mark.parametrize("names", [bands.FIVE_YEAR, bands.BROAD])
def test_the_bands_in_use_cover_every_single_year_once(names):
    years = [year for name in names for year in bands.single_years_in(name)]
    assert years == [*map(str, range(90)), "90+"]
    assert bands.covers_all_ages(list(names))


@pytest.mark.parametrize("names", [["0-4"], ["0-4", "6+"], ["0-4", "4+"], ["1-4", "5+"], []])
def test_gaps_and_overlaps_do_not_cover_all_ages(names):
    assert not bands.covers_all_ages(names)
