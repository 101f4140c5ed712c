"""Every reference case in the shared folder, through the same runner as `commonweal bench conformance`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from commonweal.cli.bench_conformance import case_folders, read_case
from commonweal.core.epi.conformance.recognise import evaluate

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = Path(os.environ.get("COMMONWEAL_SHARED", ROOT / ".." / "shared")) / "golden"
SLOW = "ne_usa"  # 300,000 simulated data sets: run by `commonweal bench conformance`, not by every test run

pytestmark = pytest.mark.shared


def _folders() -> list[Path]:
    return [folder for folder in case_folders(GOLDEN) if SLOW not in str(folder)] if GOLDEN.is_dir() else []


@pytest.mark.skipif(
    not GOLDEN.is_dir(), reason=f"no reference cases at {GOLDEN}; set COMMONWEAL_SHARED to their folder"
)
def test_the_shared_folder_holds_cases():
    assert len(_folders()) >= 25


@pytest.mark.parametrize("folder", _folders(), ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_equals_the_reference(folder: Path):
    outcomes = evaluate(read_case(folder))

    failed = [
        f"{outcome.variant}: {check.quantity} off by {check.error:.3g}, allowed {check.tolerance:.3g} {check.remark}"
        for outcome in outcomes
        for check in outcome.checks
        if not check.passed
    ]
    assert outcomes, "the case was recognised but nothing was compared"
    assert not failed, "\n".join(failed)
