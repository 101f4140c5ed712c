"""The runner tells a wrong reference from a right one, and says so in its exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from commonweal.cli.bench_conformance import conformance
from commonweal.core.epi.conformance import scan
from commonweal.core.epi.conformance.tables import parse_table
from commonweal.core.epi.conformance.verdicts import absolute, exact, relative
from commonweal.core.epi.rates.intervals import byar, exact_poisson, wilson
from commonweal.core.errors import Refused


@pytest.fixture
def right_case(tmp_path: Path) -> Path:
    folder = tmp_path / "golden" / "rates" / "small"
    folder.mkdir(parents=True)
    values = [byar([3.0]), exact_poisson([3.0]), wilson([3.0], [10.0])]
    cells = ",".join(f"{v.lower[0]!r},{v.upper[0]!r}" for v in values).replace("np.float64(", "").replace(")", "")
    header = "conf,x,n,byar_lo,byar_hi,exact_lo,exact_hi,wilson_lo,wilson_hi"
    (folder / "expected.csv").write_text(f"{header}\n0.95,3,10,{cells}\n")
    return tmp_path / "golden"


def run(folder: Path, *options: str) -> tuple[int, str]:
    result = CliRunner().invoke(conformance, [str(folder), *options], standalone_mode=False)
    return result.return_value, result.stdout


def test_a_right_case_passes_with_exit_0(right_case: Path):
    code, text = run(right_case)
    assert code == 0
    assert "1 variants, 1 pass, 0 fail" in text


def test_a_wrong_value_fails_with_exit_1(right_case: Path):
    file = next(right_case.rglob("expected.csv"))
    header, row = file.read_text().splitlines()
    cells = row.split(",")
    cells[3] = repr(float(cells[3]) + 1e-6)
    file.write_text(f"{header}\n{','.join(cells)}\n")

    code, text = run(right_case)
    assert code == 1
    assert "byar_lo" in text
    assert "FAIL" in text


def test_an_unknown_case_fails_and_names_its_files(tmp_path: Path):
    folder = tmp_path / "golden" / "new" / "case"
    folder.mkdir(parents=True)
    (folder / "odd.csv").write_text("a,b\n1,2\n")
    code, text = run(tmp_path / "golden")
    assert code == 1
    assert "odd.csv" in text


def test_json_lists_every_comparison(right_case: Path):
    code, text = run(right_case, "--json")
    document = json.loads(text)
    assert code == 0
    assert document["passed"] is True
    assert len(document["variants"][0]["checks"]) == 6


def test_missing_values_must_be_missing_on_both_sides():
    assert not absolute("x", [1.0, float("nan")], [1.0, 2.0], 1.0).passed
    assert absolute("x", [1.0, float("nan")], [1.0, float("nan")], 0.0).passed
    assert not relative("x", [1.1], [1.0], 0.05).passed
    assert not exact("x", [1.0, 2.0], [1.0, 3.0]).passed


def test_tables_read_blank_and_na_as_missing():
    table = parse_table("t", "\ufeffa,b\n1,NA\n,2\n")
    assert table.numbers("a")[0] == 1
    assert str(table.numbers("a")[1]) == "nan"
    assert str(table.numbers("b")[0]) == "nan"


def test_generic_time_counts_whole_numbers_back_from_the_end() -> None:
    options = {"PrecisionCaseTimes": "4", "StartDate": "95", "EndDate": "104", "TimeAggregationLength": "4"}
    clock = scan._clock(options)
    assert clock.steps == 3
    assert [clock.step(text) for text in ("95", "96", "97", "100", "101", "104")] == [0, 0, 1, 1, 2, 2]
    with pytest.raises(Refused, match="date 105 lies outside the study period"):
        clock.step("105")
