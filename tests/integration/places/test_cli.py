"""`commonweal places` as an operator meets it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from commonweal.cli import commands
from commonweal.cli.errors import EXIT_NOT_THERE, EXIT_REFUSED, run
from commonweal.site import installation
from commonweal.web import db

from .build import directory, empty_places, lsoa_table, postcode, saved


@pytest.fixture(autouse=True)
def world(space: str) -> Iterator[None]:
    """A space that is open already: the command line's own opening of it is tested with spaces."""
    empty_places()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMMONWEAL_SPACE", space)
        for name in ("open_existing", "open_space"):
            patch.setattr(installation, name, lambda name: None)
        yield


def command(capsys: pytest.CaptureFixture[str], line: str) -> tuple[int, str, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["commonweal", *shlex.split(line)])
        code = run(commands)
    answer = capsys.readouterr()
    return code, answer.out, answer.err


@pytest.fixture
def files(tmp_path: Path) -> str:
    paths = [
        saved(tmp_path, "ONSPD_MAY_2020.csv.gz", directory(postcode("LE1 1AA"))),
        saved(tmp_path, "lsoa.csv", lsoa_table()),
    ]
    return shlex.join(map(str, paths))


def test_files_in_any_order_with_the_words_to_print(files, capsys):
    code, out, _ = command(capsys, f"places load {files}")
    assert code == 0
    assert "lsoa.csv: table of LSOAs with hierarchy and population; 10 rows, " in out
    assert "ONSPD_MAY_2020.csv.gz: ONS Postcode Directory, editions to 2024; 1 rows" in out
    assert "Contains Royal Mail data" in out
    code, out, _ = command(capsys, f"places load {files}")
    assert (code, out.count("loaded before, nothing changed")) == (0, 2)


def test_answers_as_json(files, capsys):
    code, out, err = command(capsys, f"places load {files} --json")
    first, second = json.loads(out)
    assert (code, err) == (0, "")
    assert (first["layout"], second["edition"], second["new"], second["replayed"]) == (
        "lsoa_table",
        "2020-05-01",
        1,
        False,
    )
    code, out, _ = command(capsys, "places list --json")
    listed = json.loads(out)
    assert listed["scope_vintage"] == {"name": "lad19", "ltla_vintage": 2019, "small_area_vintage": 2011}
    assert [each["layout"] for each in listed["datasets"]] == ["onspd", "lsoa_table"]


def test_authorities_have_their_offices_from_that_day(files, capsys):
    command(capsys, f"places load {files}")
    kinds = db.rows(
        "authn", "select kind from access.organisation where area_code in ('E06000016', 'E07000129', 'E10000018')"
    )
    assert sorted(row["kind"] for row in kinds) == ["lower_tier_authority", "unitary_authority", "upper_tier_authority"]


def test_a_refusal_is_one_sentence_and_exit_64(tmp_path, capsys):
    bad = saved(tmp_path, "onspd-2020-05.csv", directory(postcode("LE1 1AA", lat="91")))
    code, out, err = command(capsys, f"places load {bad} {saved(tmp_path, 'lsoa.csv', lsoa_table())}")
    assert (code, out) == (EXIT_REFUSED, "")
    assert "row 2, column lat: '91' is not a latitude" in err
    assert db.value("app", "select count(*) from places.dataset") == 0


def test_a_file_that_is_not_there_is_exit_69(capsys):
    code, _, err = command(capsys, "places load nowhere.csv")
    assert code == EXIT_NOT_THERE
    assert "There is no file nowhere.csv" in err


def test_the_edition_can_be_said(tmp_path, capsys):
    plain = saved(tmp_path, "postcodes.csv", directory(postcode("LE1 1AA")))
    table = saved(tmp_path, "lsoa.csv", lsoa_table())
    _, out, _ = command(capsys, f"places load {plain} {table} --edition 2022-05 --json")
    assert json.loads(out)[1]["edition"] == "2022-05-01"


def test_nothing_loaded_says_what_to_do(capsys):
    code, out, _ = command(capsys, "places list")
    assert code == 0
    assert "No table of LSOAs is loaded yet: commonweal places load" in out
