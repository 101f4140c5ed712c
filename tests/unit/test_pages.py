"""Templates and their filters: strict towards our own values, escaped, and said the same way everywhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from jinja2 import DictLoader, UndefinedError

from commonweal.core.errors import NotAllowed, NotThere, Refused
from commonweal.core.pictures import Column, PictureTable
from commonweal.web import jinja, look, times
from commonweal.web.errors import problem_of
from commonweal.web.pages import Empty, Link, ShownTable

SUMMER = datetime(2020, 6, 29, 0, 4, tzinfo=UTC)
WINTER = datetime(2020, 12, 1, 18, 10, tzinfo=UTC)


def rendered(text: str, **context: object) -> str:
    return jinja.environment(loader=DictLoader({"one": text})).get_template("one").render(**context)


def test_a_misspelt_field_is_an_error_not_a_gap() -> None:
    with pytest.raises(UndefinedError, match="Link has no field 'adress'"):
        rendered("{{ link.adress }}", link=Link("a", "/"))


def test_names_from_outside_are_escaped_in_every_part() -> None:
    hostile = "<script>alert(1)</script>"
    text = '{% import "commonweal/parts.html" as parts %}{{ parts.empty(state) }}'
    assert hostile not in rendered(text, state=Empty(hostile, hostile, Link(hostile, "/")))


def test_a_table_of_words_says_each_cell_by_itself_and_a_table_of_numbers_keeps_its_columns() -> None:
    """On a phone the first stands as blocks: every cell is told its heading, and roles keep it a table."""
    text = '{% import "commonweal/parts.html" as parts %}{{ parts.table(shown) }}'
    words = (Column("Office", numeric=False), Column("Holder", numeric=False), Column("Deputy", numeric=False))
    numbers = (Column("Day", numeric=False), Column("People"), Column("Tests"))
    blocks, columns = (
        rendered(text, shown=ShownTable(PictureTable("A table", heads, (cells,))))
        for heads, cells in ((words, ("Director", "A. Khan", None)), (numbers, ("Monday", 3, 40)))
    )
    assert 'role="table"' in blocks
    assert 'role="cell" data-label="Holder"' in blocks
    assert "role=" not in columns.replace('role="region"', "")
    assert "data-label" not in columns


def test_times_are_london_times() -> None:
    assert times.moment(SUMMER) == "1:04am on Monday 29 June 2020"
    assert times.moment(WINTER) == "6:10pm on Tuesday 1 December 2020"
    assert times.exact(SUMMER) == "1:04:00am on Monday 29 June 2020"
    assert times.link_form(SUMMER + timedelta(microseconds=7)) == "2020-06-29T00:04:00.000007Z"
    with pytest.raises(ValueError, match="no time zone"):
        times.moment(datetime(2020, 6, 29, 1, 4))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (0, "today 1:04am"),
        (2, "yesterday 11:04pm"),
        (30, "Saturday 27 June 7:04pm"),
        (9000, "Friday 21 June 2019 12:04am"),
    ],
)
def test_when_counts_london_days(hours: int, said: str) -> None:
    instant = SUMMER - timedelta(hours=hours)
    if hours == 9000:
        instant = datetime(2019, 6, 20, 23, 4, tzinfo=UTC)
    assert times.when(instant, SUMMER) == said


@pytest.mark.parametrize(("error", "status"), [(NotAllowed("a"), 403), (NotThere("b"), 404), (Refused("c"), 400)])
def test_our_errors_become_pages_that_say_them(error: Exception, status: int) -> None:
    problem = problem_of(error)  # type: ignore[arg-type]
    assert problem.status == status
    assert problem.sentences == (str(error),)


def test_the_policy_has_no_loophole() -> None:
    policy = look.policy_header()
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert "*" not in policy
