"""A sweep over loaded series, from the command line."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from commonweal.apps.places import actions as places
from commonweal.apps.surveillance import actions
from commonweal.cli import commands
from commonweal.cli.errors import EXIT_NOT_THERE, EXIT_REFUSED, run
from commonweal.site import installation

from . import city

SMALL = "E01010001,E02010001,E06000016,West,E06000016,West,E12000004,East Midlands,450000,300000,1600"
PEOPLE = 100_000
FIRST, AREAS = date(2020, 4, 1), ("E06000016", "E07000129", "E07000130", "E07000150")


@pytest.fixture(autouse=True)
def world(fresh_space: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMMONWEAL_SPACE", fresh_space)
        patch.setattr(installation, "open_existing", lambda name: None)
        yield


def saved(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def residents() -> bytes:
    lines = ["area_code,area_name,geography,all_ages,age_0_4"]
    lines += [f"{area},Place {area},Unitary Authority,{PEOPLE},{PEOPLE // 20}" for area in (*AREAS, "E07000151")]
    return "\n".join(lines).encode()


def triangle() -> bytes:
    """Four authorities at 14 cases a week per 100,000; one at ten times that from day 60 on."""
    rng = np.random.default_rng(1)
    mean = np.full((4, 75), 2.0)
    mean[0, 60:] = 20.0
    counts = rng.poisson(mean)
    lines = ["published,area_code,specimen_date,new_cases"]
    for published in range(40, 75):
        for number, area in enumerate(AREAS):
            for day in range(published - 1):  # complete two days later
                if counts[number, day]:
                    days = FIRST + timedelta(days=published), FIRST + timedelta(days=day)
                    lines.append(f"{days[0]},{area},{days[1]},{counts[number, day]}")
    return "\n".join(lines).encode()


def command(capsys: pytest.CaptureFixture[str], line: str) -> tuple[int, str, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["commonweal", *shlex.split(line)])
        code = run(commands)
    answer = capsys.readouterr()
    return code, answer.out, answer.err


def test_a_sweep_tells_the_signal_as_of_a_day_and_what_it_could_not_do(tmp_path: Path, capsys):
    places.load_files([saved(tmp_path, "la_population_mid2019.csv", residents())])
    actions.load_series([saved(tmp_path, "triangle.csv", triangle())])
    short = b"place,date,metric,value,published_at\nE07000151,2020-06-01,cases_by_specimen_date,1,2020-06-02\n"
    actions.load_series([saved(tmp_path, "short.csv", short)])
    code, out, err = command(capsys, "sweep --as-of 2020-06-13 --json")
    assert code == 0, err
    found = json.loads(out)
    assert found["places"] == 4
    assert [each["areas"] for each in found["signals"] if each["state"] in ("opened", "growing")] == [["E06000016"]]
    assert found["not_done"] == {"E07000151": "1 days of counts; the rule looks back over 35"}
    code, out, _ = command(capsys, "sweep --as-of 2020-06-13 --area E07000129")
    assert "E06000016" not in out
    assert "1 place could not be done" in out
    code, out, _ = command(capsys, "sweep --as-of 2020-05-28 --json")
    assert [each for each in json.loads(out)["signals"] if "E06000016" in each["areas"]] == []


def test_other_series_are_told_as_published_up_to_a_day_and_a_day_to_come_is_refused(tmp_path: Path, capsys):
    lines = [
        f"E06000016,{date(2020, 6, 20) - timedelta(days=back)},waste_water,{90_000 if back < 8 else 20_000 + 97 * back},"
        f"{date(2020, 6, 20) - timedelta(days=back - 1)}"
        for back in range(1, 76)
    ]
    text = "\n".join(["place,date,metric,value,published_at", *lines])
    places.load_files([saved(tmp_path, "lsoa11.csv", f"{city.HEAD}\n{SMALL}".encode())])
    actions.load_series([saved(tmp_path, "water.csv", text.encode())])
    code, out, err = command(capsys, "sweep --as-of 2020-06-20")
    assert code == 0, err
    assert "waste_water as published up to 2020-06-20: 1 ltla" in out
    assert "ltla E06000016: Gene copies per litre of waste water: 90,000 gene copies per litre" in out
    _, out, _ = command(capsys, "sweep --as-of 2020-06-12 --json")
    (told,) = json.loads(out)["series"]
    assert (told["source"], told["morning"], told["findings"]) == ("waste_water", "2020-06-12", 0)
    code, _, err = command(capsys, "sweep --as-of 2099-01-01")
    assert (code, "has not happened yet" in err) == (EXIT_REFUSED, True)


def test_without_series_a_sweep_says_what_to_do(capsys):
    code, _, err = command(capsys, "sweep --as-of 2020-06-13")
    assert code == EXIT_NOT_THERE
    assert "commonweal series load" in err
