"""Area files: hierarchy with vintages, names, people by age band, deprivation; wrong ones are refused whole."""

from datetime import date

import polars as pl
import pytest

from commonweal.core.errors import Refused

from .build import columns, csv_bytes, opened

LSOA_TABLE = columns(
    "lsoa11cd,lsoa11nm,msoa11cd,msoa11nm,msoa11hclnm,lad19cd,lad19nm,lad21cd,utla19cd,utla19nm,rgn19cd,rgn19nm,bng_e,bng_n,"
    "long,lat,pop2020,pop2020_0_15,pop2020_16_29,pop2020_30_44,pop2020_45_64,pop2020_65plus,imd2019_decile,"
    "imd2019_health_decile"
)
SHEET = [
    "LSOA Code",
    "LSOA Name",
    "LA Code (2018 boundaries)",
    "LA name (2018 boundaries)",
    "LA Code (2021 boundaries)",
    "LA name (2021 boundaries)",
    "All Ages",
    *map(str, range(90)),
    "90+",
]
PREAMBLE = [
    ["SAPE23DT2: Mid-2020 Population Estimates for Lower Layer Super Output Areas in England and Wales"],
    ["Released 16 September 2021", "", ""],
    [],
    ["Mid-2020 Persons"],
]
DEPRIVATION = [
    "LSOA code (2011)",
    "LSOA name (2011)",
    "Local Authority District code (2019)",
    "Local Authority District name (2019)",
    "Index of Multiple Deprivation (IMD) Score",
    "Index of Multiple Deprivation (IMD) Rank (where 1 is most deprived)",
    "Index of Multiple Deprivation (IMD) Decile (where 1 is most deprived 10% of LSOAs)",
    "Income Score (rate)",
    "Income Rank (where 1 is most deprived)",
    "Income Decile (where 1 is most deprived 10% of LSOAs)",
    "Education, Skills and Training Score",
    "Education, Skills and Training Rank (where 1 is most deprived)",
    "Education, Skills and Training Decile (where 1 is most deprived 10% of LSOAs)",
    "Total population: mid 2015 (excluding prisoners)",
]


def lsoa_row(lsoa="E01000001", msoa="E02000001", lad19="E07000129", **changed) -> list[object]:
    values = {
        "lsoa11cd": lsoa,
        "lsoa11nm": "Blaby 001A",
        "msoa11cd": msoa,
        "msoa11nm": "Blaby 001",
        "msoa11hclnm": "Glenfield",
        "lad19cd": lad19,
        "lad19nm": "Blaby",
        "lad21cd": lad19,
        "utla19cd": "E10000018",
        "utla19nm": "Leicestershire",
        "rgn19cd": "E12000004",
        "rgn19nm": "East Midlands",
        "bng_e": 453000,
        "bng_n": 305000,
        "long": -1.2,
        "lat": 52.6,
        "pop2020": 150,
        "pop2020_0_15": 10,
        "pop2020_16_29": 20,
        "pop2020_30_44": 30,
        "pop2020_45_64": 40,
        "pop2020_65plus": 50,
        "imd2019_decile": 9,
        "imd2019_health_decile": 7,
    }
    return [{**values, **changed}[heading] for heading in LSOA_TABLE]


def sheet_row(code="E01000001", name="Blaby 001A", per_age=2, total=None) -> list[object]:
    ages = [per_age] * 91
    return [code, name, "E07000129", "Blaby", "E07000129", "Blaby", total or f"{sum(ages):,}", *ages]


def tables(data: bytes, label: str = "file.csv"):
    return opened(data, label).tables()


def refusal(data: bytes, label: str = "file.csv") -> str:
    with pytest.raises(Refused) as refused:
        tables(data, label)
    return str(refused.value)


def pick(table: pl.DataFrame, **where) -> dict:
    found = table.filter(*(pl.col(name) == value for name, value in where.items()))
    assert found.height == 1, found
    return found.row(0, named=True)


def test_an_lsoa_table_gives_every_level_with_its_vintage():
    read = tables(csv_bytes(LSOA_TABLE, [lsoa_row(), lsoa_row("E01000002")]))
    levels = read.areas.select("level", "vintage", "code", "name", "name_people_use").rows()
    assert set(levels) == {
        ("lsoa", 2011, "E01000001", "Blaby 001A", None),
        ("lsoa", 2011, "E01000002", "Blaby 001A", None),
        ("msoa", 2011, "E02000001", "Blaby 001", "Glenfield"),
        ("ltla", 2019, "E07000129", "Blaby", None),
        ("ltla", 2021, "E07000129", None, None),
        ("utla", 2019, "E10000018", "Leicestershire", None),
        ("region", 2019, "E12000004", "East Midlands", None),
    }
    point = pick(read.areas, code="E01000001")
    assert (point["easting"], point["northing"], point["lat"], point["long"]) == (453000, 305000, 52.6, -1.2)


def test_parents_join_authorities_of_one_vintage_only():
    read = tables(csv_bytes(LSOA_TABLE, [lsoa_row(lad21cd="E06000061")]))
    above = {
        (r["level"], r["vintage"], r["parent_code"], r["parent_vintage"]) for r in read.parents.iter_rows(named=True)
    }
    assert ("lsoa", 2011, "E07000129", 2019) in above
    assert ("lsoa", 2011, "E06000061", 2021) in above
    assert ("ltla", 2019, "E10000018", 2019) in above
    assert not [row for row in above if row[:2] == ("ltla", 2021)]


def test_people_have_a_reference_date_and_a_band():
    read = tables(csv_bytes(LSOA_TABLE, [lsoa_row()]))
    bands = {row["band"]: row["n"] for row in read.populations.iter_rows(named=True)}
    assert bands == {"all": 150, "0-15": 10, "16-29": 20, "30-44": 30, "45-64": 40, "65+": 50}
    assert set(read.populations["reference_date"]) == {date(2020, 6, 30)}
    assert set(read.populations["vintage"]) == {2011}


def test_deciles_have_a_domain_and_a_year():
    read = tables(csv_bytes(LSOA_TABLE, [lsoa_row()]))
    assert {(r["domain"], r["index_year"], r["decile"]) for r in read.deprivation.iter_rows(named=True)} == {
        ("imd", 2019, 9),
        ("health", 2019, 7),
    }


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([lsoa_row(), lsoa_row()], "rows 2 and 3, column lsoa11cd: 'E01000001' stands twice"),
        ([lsoa_row(), lsoa_row("E01000002", lad19="E07000130")], "column lad19cd: E02000001 belongs to E07000130 here"),
        ([lsoa_row("E02000001")], "row 2, column lsoa11cd: 'E02000001' is not an LSOA code"),
        ([lsoa_row("X99999999")], "is not an LSOA code"),
        ([lsoa_row(pop2020="-3")], "row 2, column pop2020: '-3' is not a number of people"),
        ([lsoa_row(pop2020="many")], "row 2, column pop2020: 'many' is not a number of people"),
        ([lsoa_row(pop2020_65plus="")], "column pop2020_65plus: '' is not a number of people"),
        (
            [lsoa_row(), lsoa_row("E01000002", pop2020=151)],
            "row 3, column pop2020: 151 is not the sum of its ages, 150",
        ),
        ([lsoa_row(imd2019_decile=11)], "column imd2019_decile: '11' is not a decile"),
        ([lsoa_row(imd2019_decile=2.5)], "column imd2019_decile: '2.5' is not a decile"),
        ([lsoa_row(long=-30)], "column long: '-30' is not a longitude"),
        ([lsoa_row(utla19cd="E07000129")], "column utla19cd: 'E07000129' is not a UTLA code"),
    ],
)
def test_a_wrong_lsoa_table_is_refused(rows, words):
    assert words in refusal(csv_bytes(LSOA_TABLE, rows))


def test_house_of_commons_names_are_the_names_people_use():
    header = columns("msoa11cd,msoa11nm,msoa11nmw,msoa11hclnm,msoa11hclnmw,Laname")
    file = opened(csv_bytes(header, [["E02002839", "Leicester 013", "", "Spinney Hill Road", "", "Leicester"]]))
    assert file.layout == "msoa_names"
    assert "Open Parliament Licence" in file.attribution
    assert pick(file.tables().areas, code="E02002839")["name_people_use"] == "Spinney Hill Road"


def test_the_msoa_table_is_told_from_the_names():
    header = columns(
        "msoa11cd,msoa11nm,msoa11hclnm,lad19cd,lad19nm,utla19cd,rgn19cd,n_lsoa,pop2020,bng_e_popw,bng_n_popw"
    )
    row = ["E02000001", "City 001", "City", "E09000001", "City", "E09000001", "E12000007", 6, 10938, 532518, 181521]
    file = opened(csv_bytes(header, [row]))
    assert file.layout == "msoa_table"
    area = pick(file.tables().areas, code="E02000001")
    assert (area["name_people_use"], area["easting"]) == ("City", 532518)


def test_a_population_sheet_has_its_header_in_row_five():
    file = opened(csv_bytes(SHEET, [sheet_row()], PREAMBLE), "sape.csv")
    assert (file.layout, file.recognised.header_row) == ("lsoa_sheet", 5)
    read = file.tables()
    people = {row["band"]: row["n"] for row in read.populations.iter_rows(named=True)}
    assert people["all"] == 182
    assert people["0-4"] == people["85-89"] == 10
    assert people["90+"] == 2
    assert people["0-15"] == 32
    assert people["65+"] == 52
    assert set(read.populations["sex"]) == {"all"}
    assert set(read.populations["reference_date"]) == {date(2020, 6, 30)}
    assert {(r["parent_code"], r["parent_vintage"]) for r in read.parents.iter_rows(named=True)} == {
        ("E07000129", 2018),
        ("E07000129", 2021),
    }


def test_thousands_separators_and_blank_last_rows_of_a_sheet_are_read():
    rows = [sheet_row(per_age=11), sheet_row("E01000002"), [""] * len(SHEET)]
    read = tables(csv_bytes(SHEET, rows, PREAMBLE), "sape.csv")
    assert pick(read.populations, code="E01000001", band="all")["n"] == 1001


@pytest.mark.parametrize(
    ("label", "sex"),
    [("Mid-2020 Males.csv", "male"), ("Mid-2020 Females.csv", "female"), ("Mid-2020 Persons.csv", "all")],
)
def test_the_name_of_the_sheet_tells_sex_and_year(label, sex):
    read = tables(csv_bytes(SHEET, [sheet_row()], [["SAPE"], [], [], []]), label)
    assert set(read.populations["sex"]) == {sex}


@pytest.mark.parametrize(
    ("label", "preamble", "words"),
    [
        ("x.csv", [["Persons"]], "does not tell the year"),
        ("mid-2020.csv", [["SAPE"]], "does not tell whether it counts persons, males or females"),
        ("Mid-2022 Persons.csv", [], "the year of the areas (2011 or 2021) is not in the heading"),
    ],
)
def test_a_sheet_that_does_not_tell_is_refused(label, preamble, words):
    assert words in refusal(csv_bytes(SHEET, [sheet_row()], preamble), label)


def test_a_sheet_of_2021_areas_says_so_in_its_heading():
    header = ["LSOA 2021 Code", "LSOA 2021 Name", *SHEET[2:]]
    read = tables(csv_bytes(header, [sheet_row()]), "Mid-2022 Persons.csv")
    assert set(read.populations["vintage"]) == {2021}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (sheet_row(total=183), "row 6, column All Ages: 183 is not the sum of its ages, 182"),
        (sheet_row(per_age=-2, total=182), "row 6, column 0: '-2' is not a number of people"),
        ([*sheet_row()[:-1], "x"], "row 6, column 90+: 'x'"),
        (sheet_row(code="E02000001"), "row 6, column LSOA Code: 'E02000001' is not an LSOA code"),
        (sheet_row()[:50], "row 6: too short, 50 fields"),
    ],
)
def test_a_wrong_sheet_is_refused(row, words):
    assert words in refusal(csv_bytes(SHEET, [row], PREAMBLE), "Mid-2020 Persons.csv")


def test_a_sheet_without_some_ages_is_refused():
    header = [h for h in SHEET if h not in ("17", "18")]
    assert "ages 17, 18 are missing" in refusal(csv_bytes(header, [sheet_row()[:-2]], PREAMBLE), "Persons.csv")


def test_the_deprivation_file_gives_every_domain():
    row = ["E01000001", "City 001A", "E09000001", "City of London", "6.208", "29199", "9", "0.007", "32831", "10"]
    row += ["1.5", "32842", "10", "1296"]
    file = opened(csv_bytes(DEPRIVATION, [row]))
    assert file.layout == "deprivation"
    read = file.tables()
    assert pick(read.deprivation, domain="imd") == {
        "code": "E01000001",
        "vintage": 2011,
        "index_year": 2019,
        "domain": "imd",
        "score": 6.208,
        "rank": 29199,
        "decile": 9,
    }
    assert pick(read.deprivation, domain="education")["rank"] == 32842
    assert pick(read.deprivation, domain="income")["score"] == 0.007
    assert pick(read.parents, code="E01000001")["parent_vintage"] == 2019


def test_a_rank_of_zero_is_refused():
    row = ["E01000001", "x", "E09000001", "x", "6.2", "0", "9", "0.1", "1", "1", "1", "1", "1", "5"]
    said = refusal(csv_bytes(DEPRIVATION, [row]))
    assert "column Index of Multiple Deprivation (IMD) Rank (where 1 is most deprived): '0' is not a rank" in said


def test_the_lookup_of_lsoas_says_what_each_became():
    header = ["LSOA11CD", "LSOA21CD", "LSOA21NM", "LAD22CD"]
    rows = [["E01000001", "E01000001", "City 001A", "E09000001"], ["E01000002", "E01033333", "City 001F", "E09000001"]]
    file = opened(csv_bytes(header, rows))
    assert file.layout == "lsoa_changes"
    read = file.tables()
    assert pick(read.changes, code="E01000002")["new_code"] == "E01033333"
    assert pick(read.areas, code="E01033333")["vintage"] == 2021
    assert set(read.parents["parent_vintage"]) == {2022}


LA_HEADER = ["area_code", "area_name", "geography", "all_ages", "age_0_4", "age_5_89", "age_90plus"]


def test_the_table_of_authorities_names_levels_and_leaves_out_metropolitan_counties():
    rows = [
        ["E92000001", "ENGLAND", "Country", 100, 10, 80, 10],
        ["E06000016", "Leicester", "Unitary Authority", 60, 6, 50, 4],
        ["E10000018", "Leicestershire", "County", 40, 4, 30, 6],
        ["E11000001", "Greater Manchester (Met County)", "Metropolitan County", 40, 4, 30, 6],
    ]
    read = tables(csv_bytes(LA_HEADER, rows), "la_population_mid2019.csv")
    assert read.areas.select("code", "level", "vintage").rows() == [
        ("E92000001", "country", 0),
        ("E06000016", "ltla", 0),
        ("E10000018", "utla", 0),
    ]
    assert pick(read.populations, code="E06000016", band="90+")["n"] == 4
    assert set(read.populations["reference_date"]) == {date(2019, 6, 30)}


def test_a_table_of_authorities_without_a_year_is_refused():
    row = ["E06000016", "Leicester", "Unitary Authority", 60, 6, 50, 4]
    assert "which year is not stated" in refusal(csv_bytes(LA_HEADER, [row]), "people.csv")


def test_authorities_whose_bands_do_not_add_up_are_refused():
    row = ["E06000016", "Leicester", "Unitary Authority", 61, 6, 50, 4]
    assert "row 2, column all_ages: 61 is not the sum of its ages, 60" in refusal(
        csv_bytes(LA_HEADER, [row]), "mid2019.csv"
    )
