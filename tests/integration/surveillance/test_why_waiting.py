"""Explanations of wide places: the page opens at once, says what is being worked out, and leads to the whole of it."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.test import Client

from commonweal.apps.surveillance import why_explaining, why_reads, why_waiting
from commonweal.core.errors import NotThere
from commonweal.core.signals.why_windows import Windows
from commonweal.web import db

from . import outbreak
from . import test_place as places

PAGE = f"/places/{outbreak.CITY}/why"
BEGIN, END = "<h1", "Compare other days"
PATIENCE = 30


@pytest.fixture(scope="module", autouse=True)
def world(space: str) -> None:
    outbreak.lay()


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The city stands for a region: no page waits for its records."""
    monkeypatch.setattr(why_waiting, "is_wide", lambda _: True)
    monkeypatch.setattr(why_waiting, "PATIENCE", 0.0)
    why_explaining.answers.clear()
    yield
    until(lambda: not why_waiting._running)


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end, "it is worked out in time"
        time.sleep(0.02)


def shown(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.content.decode()[:2000]
    return answer.content.decode()


def the_words(page: str) -> str:
    return page[page.index(BEGIN) : page.index(END)]


def test_the_page_opens_at_once_and_leads_to_what_the_slow_way_says(
    wide: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    director = outbreak.browser(outbreak.DIRECTOR, outbreak.OFFICE)
    first = shown(director, PAGE)
    assert "40 people tested positive" in first
    assert "8 people from" in first
    assert "is being worked out from the single records of 1 authority." in first
    assert "Most likely" not in first
    (link,) = re.findall(rf'href="({PAGE}\?[^"]*whole=yes)">Show the explanation', first)
    whole = shown(director, link.replace("&amp;", "&"))
    assert "Most likely an outbreak at work: about 30 of the 32 more." in whole
    monkeypatch.undo()
    why_explaining.answers.clear()
    slow = shown(director, link.replace("&amp;", "&").replace("&whole=yes", ""))
    assert the_words(whole) == the_words(slow), "the same as on a page that waits"


def test_what_an_office_does_not_read_is_refused_and_not_promised(wide: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(why_waiting, "PATIENCE", PATIENCE)
    director = outbreak.browser(outbreak.DIRECTOR, outbreak.OFFICE)
    assert director.get(f"/places/{outbreak.DISTRICT}/why").status_code == 404
    assert director.get(f"{PAGE}?days=5").status_code == 400


def test_a_page_that_did_not_wait_for_the_refusal_shows_no_part_of_a_place_either(wide: None) -> None:
    director, last = places.actor(outbreak.DIRECTOR, outbreak.OFFICE), outbreak.newest()
    both = why_reads.Where("E12000004", "region", "East Midlands", (outbreak.CITY, outbreak.DISTRICT))
    span = Windows(last, 14, last - timedelta(days=14))
    assert why_reads.people(director, why_reads.where(outbreak.CITY), span, db.freeze()) == (8, 40)
    with pytest.raises(NotThere, match="East Midlands is not among the places that your office reads"):
        why_reads.people(director, both, span, db.freeze())


def test_a_signal_says_that_its_explanation_is_on_its_way_and_then_has_it(wide: None) -> None:
    outbreak.signal(1)
    director = outbreak.browser(outbreak.DIRECTOR, outbreak.OFFICE)
    first = shown(director, "/signals/1")
    assert "It is being worked out from the single records of several authorities." in first
    assert "Most likely" not in first
    until(lambda: not why_waiting._running)
    then = shown(director, "/signals/1")
    assert "Most likely an outbreak at work: about 30 of the 32 more." in then
    assert "It is being worked out" not in then


def test_one_question_is_worked_out_once_however_many_ask_and_its_refusal_reaches_them() -> None:
    go_on, worked = threading.Event(), []

    def work() -> int:
        worked.append(1)
        assert go_on.wait(PATIENCE)
        return 7

    assert why_waiting.answer("a question", work, 0) == (False, None)
    assert why_waiting.answer("a question", work, 0.01) == (False, None)
    assert why_waiting.is_running("a question")
    go_on.set()
    assert why_waiting.answer("a question", work, PATIENCE) == (True, 7)
    until(lambda: not why_waiting.is_running("a question"))

    def refuse() -> int:
        raise NotThere("not among your places")

    with pytest.raises(NotThere, match="not among your places"):
        why_waiting.answer("another", refuse, PATIENCE)
