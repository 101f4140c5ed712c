"""What intake goes by: the published line list, a pathogen pack and the keys, read once a process."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

from commonweal.core.errors import NotThere
from commonweal.core.intake.checks import Checker
from commonweal.core.intake.identifiers import Hasher
from commonweal.core.intake.pathogen import PathogenPack
from commonweal.core.intake.rows import Secrets
from commonweal.core.intake.schema import LineList
from commonweal.core.intake.sealing import Sealer
from commonweal.server import keys
from commonweal.server.home import Home

# in the wheel the folder lies inside the package, in a checkout beside `src`
_PACKAGE = Path(__file__).resolve().parents[2]
_FOLDERS = (_PACKAGE / "parameters", _PACKAGE.parent.parent / "parameters")


@dataclass(frozen=True)
class Rulebook:
    """One line list and pathogen with their checks made ready, and the keys of this installation."""

    line_list: LineList
    pack: PathogenPack
    checker: Checker
    secrets: Secrets


def parameter_file(name: str) -> Path:
    """A document of the parameters folder. Raises `NotThere` when this installation has none of that name."""
    found = next((folder / name for folder in _FOLDERS if (folder / name).is_file()), None)
    if found is None:
        raise NotThere(f"The parameter file {name} is not part of this installation; reinstall it.")
    return found


def document(name: str) -> Any:
    """A parsed parameter document."""
    return yaml.safe_load(parameter_file(name).read_text(encoding="utf-8"))


@cache
def line_list() -> LineList:
    """The published line list."""
    return LineList.from_document(document("line_list/fields.yaml"))


@cache
def example_record() -> dict[str, str]:
    """The invented record of the published example: field -> text."""
    return dict(document("line_list/example.yaml")["record"])


@cache
def pathogen_pack(pathogen: str) -> PathogenPack:
    """The pack of a pathogen. Raises `NotThere` when there is none."""
    return PathogenPack.from_document(document(f"pathogens/{pathogen}.yaml"))


def rulebook(pathogen: str) -> Rulebook:
    """Everything that a submission of this pathogen is read, checked, hashed and sealed by."""
    return Rulebook(line_list(), pathogen_pack(pathogen), _checker(pathogen), key_ring())


@cache
def _checker(pathogen: str) -> Checker:
    return Checker(line_list(), pathogen_pack(pathogen))


def key_ring() -> Secrets:
    """The keys as they are now: person keys oldest first, so that records from before a rotation are still met."""
    home, folder = _home(os.environ.get("COMMONWEAL_HOME"))
    return _key_ring(home, os.stat(folder).st_mtime_ns)  # noqa: PTH116 - for each record; a rotation adds a file


@lru_cache(maxsize=1)
def _home(_named: str | None) -> tuple[Home, str]:
    """The home of this process, made if need be, and its folder of keys."""
    home = Home.current().make()
    return home, str(home.keys)


@lru_cache(maxsize=1)
def _key_ring(home: Home, _changed: int) -> Secrets:
    newest = keys.current(home, "person")
    persons = tuple(
        Hasher(key.key_id, key.material)
        for key in (keys.load(home, "person", version) for version in range(1, newest.version + 1))
    )
    wrapping = keys.current(home, "identity")
    return Secrets(persons, persons[0], Sealer(wrapping.key_id, wrapping.material), os.urandom)


def sealer(key_id: int) -> Sealer:
    """The sealer that opens what one version of the identity key wrapped. Refused when that version is not there."""
    key = keys.load(Home.current(), "identity", key_id)
    return Sealer(key.key_id, key.material)
