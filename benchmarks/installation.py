"""A throw-away installation for a measurement: its own home, the fictional county, one feed. Product settings."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FEED = "bench"


@dataclass(frozen=True)
class Ran:
    """One command that ended: what it printed, how long it took and the most memory it held (bytes)."""

    output: str
    seconds: float
    peak_bytes: int
    code: int

    @property
    def json(self) -> Any:
        return json.loads(self.output)


class Installation:
    """Commands against one home; `space` is the live one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "COMMONWEAL_HOME": str(folder / "home"),
            "COMMONWEAL_IDLE_SECONDS": "120",
            "COMMONWEAL_POSTGRES_SETTINGS": "",
        }
        self.environment.pop("COMMONWEAL_SPACE", None)

    def run(self, *arguments: str, allow: tuple[int, ...] = (0,), quiet: bool = False) -> Ran:
        """Run one verb to its end. Raises RuntimeError with its words when it ends otherwise than allowed."""
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "commonweal", *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if quiet else None,
            text=True,
        )
        output = process.stdout.read() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in allow:
            raise RuntimeError(f"commonweal {' '.join(arguments)} ended with {process.returncode}: {output[-2000:]}")
        return Ran(output, time.perf_counter() - start, usage.ru_maxrss * 1024, process.returncode)

    def python(self, program: str, *arguments: str) -> Ran:
        """Run a Python program in this installation's environment."""
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments], env=self.environment, capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(done.stderr[-3000:])
        return Ran(done.stdout, time.perf_counter() - start, 0, 0)


PREPARE = """
import sys
from pathlib import Path
from commonweal.site.installation import open_space
open_space("live")
from commonweal.web import db
with db.recorded("authn") as w:
    w.cursor.execute("insert into access.organisation values ('bench-laboratory', 'Bench laboratory', 'laboratory', null, %s)", [w.tick])
"""
WORLD = """
import sys
from pathlib import Path
from commonweal.synthetic.world import make_world
from commonweal.synthetic.place_files import write_places
print("\\n".join(map(str, write_places(make_world(7, float(sys.argv[2])), Path(sys.argv[1])))))
"""
LINES = """
import sys
import polars as pl
from pathlib import Path
from commonweal.synthetic.bulk import benchmark_line_list
from commonweal.synthetic.linelist import write_line_list
column = "pcds"
postcodes = pl.read_csv(sys.argv[1], columns=[column])[column].to_list()
write_line_list(Path(sys.argv[2]), benchmark_line_list(int(sys.argv[3]), int(sys.argv[4]), postcodes))
"""


@contextmanager
def bare_installation(*, keep: bool = False, at: Path | None = None) -> Iterator[Installation]:
    """An installation with nothing in it; in the folder `at` it is kept, and used again with what is in it.

    One that an earlier version made is brought up to date first. Raises `Refused` where that is not possible.
    """
    from benchmarks import up_to_date  # which knows what an installation is

    if at is not None and (at / "home").is_dir():
        place = Installation(at)
        up_to_date.bring_up_to_date(place)
        yield place
        return
    folder = at or Path(tempfile.mkdtemp(prefix="commonweal-bench-"))
    folder.mkdir(exist_ok=True)
    folder.chmod(0o711)
    try:
        place = Installation(folder)
        place.python(PREPARE)
        up_to_date.note_texts(place)
        yield place
    finally:
        if not keep and at is None:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def installation(*, scale: float = 1.0, keep: bool = False) -> Iterator[Installation]:
    """An installation with the fictional county loaded and the feed `bench` open."""
    with bare_installation(keep=keep) as place:
        folder = place.folder / "places"
        folder.mkdir()
        files = place.python(WORLD, str(folder), str(scale)).output.split("\n")
        place.run("places", "load", *filter(None, files), quiet=True)
        place.run("feeds", "add", FEED, "--owner", "bench-laboratory", quiet=True)
        yield place


def line_list(place: Installation, name: str, rows: int, seed: int = 1) -> Path:
    """A CSV of `rows` records at the county's postcodes."""
    postcodes = next((place.folder / "places").glob("*ONSPD*"), None) or next((place.folder / "places").glob("*pcd*"))
    path = place.folder / name
    place.python(LINES, str(postcodes), str(path), str(rows), str(seed))
    return path


NUMBER = """
from commonweal.site.installation import open_space
open_space("live")
from commonweal.web import db
db.value("app", "select ledger.number_entries()")
"""


def number_log(place: Installation) -> None:
    """Number the log's entries, as the worker of a running installation does every second: the check looks for it."""
    place.python(NUMBER)


HOLDERS = "every office has a living holder"  # a benchmark's installation appoints nobody to most of its offices


def problems_of(place: Installation) -> list[str]:
    """What `check --rebuild` finds, apart from offices without a holder."""
    found = place.run("check", "--rebuild", "--json", allow=(0, 1), quiet=True).json
    return [line for each in found if each["check"] != HOLDERS for line in each["problems"]]
