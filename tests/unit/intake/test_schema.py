"""The published line list and pathogen pack."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from commonweal.core.errors import Refused
from commonweal.core.intake.balance import Balance, SecondSheet, total
from commonweal.core.intake.pathogen import PathogenPack
from commonweal.core.intake.schema import LineList, table_schema

PACK = Path(__file__).parents[3] / "parameters" / "pathogens" / "covid-19.yaml"


def test_what_a_sender_must_give(line_list: LineList) -> None:
    assert line_list.missing_columns(frozenset()) == [
        "record_id",
        "person_id or nhs_number",
        "age_years or date_of_birth",
        "sex",
        "postcode",
        "postcode_source",
        "pillar",
        "test_route",
        "test_type",
        "result",
        "specimen_date",
        "reported_at",
        "revision",
    ]


def test_derived_fields_and_the_stamp_are_not_read(line_list: LineList) -> None:
    derived = {field.id for field in line_list.fields if field.derived}
    assert derived == {
        "lsoa_code", "msoa_code", "ward_code", "ltla_code", "utla_code", "available_locally_at",
    }  # fmt: skip
    assert line_list["full_name"].sealed
    assert not line_list["postcode"].sealed
    with pytest.raises(Refused, match="no field 'colour'"):
        line_list["colour"]


def test_the_table_schema_is_json_and_names_every_field_that_is_read(line_list: LineList) -> None:
    schema: dict[str, Any] = json.loads(json.dumps(table_schema(line_list)))
    assert [field["name"] for field in schema["fields"]] == [field.id for field in line_list.read]
    by_name = {field["name"]: field for field in schema["fields"]}
    assert by_name["result"]["constraints"] == {"required": True, "enum": ["positive", "negative", "void"]}
    assert by_name["age_years"]["constraints"] == {"minimum": 0, "maximum": 120}
    assert by_name["symptomatic"]["trueValues"][0] == "true"


def test_age_bands_cover_every_age(line_list: LineList) -> None:
    bands = line_list.band_by_age
    assert len(bands) == 121
    assert [bands[age] for age in (0, 4, 5, 19, 20, 29, 79, 80, 120)] == [
        "0-4", "0-4", "5-9", "15-19", "20-29", "20-29", "70-79", "80+", "80+",
    ]  # fmt: skip


def test_the_pack(pack: PathogenPack) -> None:
    assert (pack.case_result, pack.case_test_types, pack.episode_days) == ("positive", ("pcr", "lateral_flow"), 90)
    assert pack.earliest_specimen == date(2019, 12, 1)
    document = yaml.safe_load(PACK.read_text())
    document["case_definition"]["never"] = ["pcr"]
    with pytest.raises(Refused, match="lets pcr make a case and forbids it"):
        PathogenPack.from_document(document)


def test_a_balance_closes_when_everything_is_somewhere() -> None:
    balance = Balance.of({"accepted": 3, "rejected": 1})
    assert balance.as_dict()["received"] == 4
    assert balance.closes
    assert not Balance(received=5, accepted=4).closes
    assert Balance(received=5, accepted=4).unaccounted == 1
    assert total([balance, balance]).accepted == 6
    assert SecondSheet(pending=3, resolved=1, dropped=1, waiting=1).closes
    assert not SecondSheet(pending=3, waiting=1).closes
    with pytest.raises(Refused, match="'lost' is no outcome"):
        Balance.of({"lost": 1})
