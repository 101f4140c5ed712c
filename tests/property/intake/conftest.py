"""The published line list and pathogen pack, as every test of intake reads them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from commonweal.core.intake.pathogen import PathogenPack
from commonweal.core.intake.schema import LineList

PARAMETERS = Path(__file__).parents[3] / "parameters"


@pytest.fixture(scope="session")
def line_list() -> LineList:
    return LineList.from_document(yaml.safe_load((PARAMETERS / "line_list" / "fields.yaml").read_text()))


@pytest.fixture(scope="session")
def pack() -> PathogenPack:
    return PathogenPack.from_document(yaml.safe_load((PARAMETERS / "pathogens" / "covid-19.yaml").read_text()))
