"""Where dated, sourced numbers and documents (`parameters/`) are: in the installed package, or in a clone beside it."""

from __future__ import annotations

from pathlib import Path

from commonweal.core.errors import NotThere

PACKAGE = Path(__file__).resolve().parent.parent


def folder() -> Path:
    """The folder of parameters. Raises `NotThere` when the installation lacks it."""
    for candidate in (PACKAGE / "parameters", PACKAGE.parent.parent / "parameters"):
        if candidate.is_dir():
            return candidate
    raise NotThere(f"The folder `parameters` is missing beside {PACKAGE}. Install the package again.")


def text(name: str) -> str:
    """The text of one document, by its path below the folder. Raises `NotThere` naming it."""
    path = folder() / name
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise NotThere(f"The document parameters/{name} cannot be read ({error.strerror}).") from error


def names(below: str) -> list[str]:
    """The YAML documents of one folder, by path below `parameters`, sorted."""
    return sorted(f"{below}/{path.name}" for path in (folder() / below).glob("*.yaml"))
