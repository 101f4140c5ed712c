"""What `check` prints: the first problems of each check, and how many there are beyond."""

from __future__ import annotations

from commonweal.cli import check

MANY = [f"Office {number} has no living holder." for number in range(1_727)]


def test_a_thousand_problems_are_ten_lines_and_a_count() -> None:
    lines = check._lines(MANY, every=False)
    assert lines[:-1] == MANY[: check.SHOWN]
    assert lines[-1] == "… and 1,717 more; see them all with --all"


def test_all_of_them_are_shown_on_request_and_few_always() -> None:
    assert check._lines(MANY, every=True) == MANY
    assert check._lines(MANY[: check.SHOWN], every=False) == MANY[: check.SHOWN]
