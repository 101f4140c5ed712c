"""What was taken from other projects is exactly what the manifest says, without branding and without addresses."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VENDOR = ROOT / "src/commonweal/web/static/commonweal/vendor"
MANIFEST = json.loads((VENDOR / "manifest.json").read_text())


@pytest.mark.parametrize("name", sorted(MANIFEST["files"]))
def test_file_is_the_one_in_the_manifest(name: str) -> None:
    entry = MANIFEST["files"][name]
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == entry["sha256"]
    assert (VENDOR / entry["licence_file"]).read_text().strip()


def test_manifest_lists_every_file() -> None:
    licences = {entry["licence_file"] for entry in MANIFEST["files"].values()}
    assert {path.name for path in VENDOR.iterdir()} == {*MANIFEST["files"], *licences, "manifest.json"}


def test_versions_are_those_the_developers_install() -> None:
    wanted = json.loads((ROOT / "frontend/package.json").read_text())["dependencies"]
    assert {entry["package"]: entry["version"] for entry in MANIFEST["files"].values()} == wanted


@pytest.mark.parametrize("trace", ["GDS Transport", "@font-face", "crest.svg", "sourceMappingURL", "url(/assets"])
def test_no_branding_fonts_or_maps(trace: str) -> None:
    assert [
        path.name for path in VENDOR.iterdir() if path.suffix in {".css", ".js"} and trace in path.read_text()
    ] == []


def test_no_registry_address() -> None:
    traces = [".".join(parts) for parts in (("registry", "npmjs"), ("pypi", "org"), ("pythonhosted", "org"))]
    files = [path for path in (ROOT / "frontend").rglob("*") if path.is_file() and "node_modules" not in path.parts]
    files += [path for path in (ROOT / "src/commonweal/web").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    found = [(path.name, trace) for path in files for trace in traces if trace in path.read_text(errors="replace")]
    assert found == []
