"""Why it is rising and what people know, in a real browser: on a phone, without scripts, by the strict policy."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect

from commonweal.apps.access import actions
from commonweal.apps.access.scope import Actor
from commonweal.apps.access.signin import accounts
from commonweal.apps.surveillance import known
from tests.integration.surveillance import outbreak

from .conftest import Opened, runs_sideways
from .serving import serving_site
from .test_site import signed_in

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Opened]
LEADER = ("leader@leicester.example", "Leader", ["leader-e06000016"])
WHY = f"/places/{outbreak.CITY}/why"
PAGES = (WHY, f"/places/{outbreak.NEIGHBOURHOOD}/known", "/signals/1", "/signals/1/judgements", "/known/notes/1")


@pytest.fixture(scope="module")
def site(space: str) -> Iterator[str]:
    """Leicester with an outbreak at a foundry, a signal, notes of both kinds, a cause and two judgements."""
    outbreak.lay()
    outbreak.signal()
    director = Actor(accounts.require(outbreak.DIRECTOR).person_id, outbreak.OFFICE, "outbreak_control")
    about = known.About(outbreak.NEIGHBOURHOOD, setting="The foundry", signal=1)
    known.tell_us(known.About(outbreak.NEIGHBOURHOOD), "The canteen stayed open.", "employer", None)
    note = known.write_note(director, about, "Two shifts share one changing room.")
    cause = known.suppose(director, outbreak.NEIGHBOURHOOD, "The changing room at the foundry.", 1)
    known.add_evidence(director, cause, "for", "Thirty of forty cases work there.", figure=f"{WHY}?days=14", note=note)
    known.add_evidence(director, cause, "against", "The late shift has no case.")
    known.judge(director, 1, "confirm", "The foundry's nurse says the same.")
    cache.clear()
    with serving_site(space) as address:
        yield address


def test_pages_of_an_office_hold_the_rules_on_a_phone(
    site: str, open_page: OpenPage, axe: Callable[[Page], list[str]]
) -> None:
    state = {"cookies": signed_in(outbreak.DIRECTOR, outbreak.OFFICE), "origins": []}
    broken = {}
    for path in PAGES:
        page = open_page(f"{site}{path}", width=320, storage_state=state).page
        found = axe(page) + (["runs sideways"] if runs_sideways(page) else [])
        broken[path] = found + ([page.title()] if page.locator("h1").count() != 1 else [])
    assert broken == {path: [] for path in PAGES}


def test_a_leader_reads_on_a_phone_what_counts_tell(
    site: str, open_page: OpenPage, axe: Callable[[Page], list[str]]
) -> None:
    actions.invite(*LEADER)
    state = {"cookies": signed_in(LEADER[0], LEADER[2][0]), "origins": []}
    page = open_page(f"{site}{WHY}", width=320, storage_state=state).page
    assert axe(page) == []
    assert not runs_sideways(page)
    expect(page.locator("main")).to_contain_text("They are read by: Director of Public Health, Leicester")
    expect(page.locator("main")).not_to_contain_text("Foundry")


def test_words_come_before_the_picture_and_the_picture_before_the_table(site: str, open_page: OpenPage) -> None:
    state = {"cookies": signed_in(outbreak.DIRECTOR, outbreak.OFFICE), "origins": []}
    page = open_page(f"{site}{WHY}", storage_state=state).page
    expect(page.locator(".cw-lead")).to_have_text("Most likely an outbreak at work: about 30 of the 32 more.")
    tops = [page.locator(each).first.bounding_box() for each in (".cw-lead", "#parts svg:visible", "#parts-table")]
    heights = [box["y"] for box in tops if box]
    assert len(heights) == 3
    assert heights == sorted(heights)


def test_a_stranger_tells_us_without_a_script_on_a_phone(
    site: str, open_page: OpenPage, axe: Callable[[Page], list[str]]
) -> None:
    opened = open_page(f"{site}/tell-us", width=320, scripts=False)
    opened.expected.append("400 (Bad Request)")
    page = opened.page
    page.get_by_label("A postcode of the place").fill("LE1 1AA")
    page.get_by_label("What do you know?").fill("Call about 943 476 5919.")
    page.get_by_label("An employer").check()
    page.get_by_role("button", name="Tell the health office").click()
    expect(page.locator(".govuk-error-summary")).to_contain_text("an NHS number")
    page.get_by_label("What do you know?").fill("The night shift sleeps in one house.")
    page.get_by_label("Which language do you write in?").select_option("gu")
    page.get_by_role("button", name="Tell the health office").click()
    expect(page).to_have_url(re.compile("/tell-us/[A-Z2-9]{10}$"))
    expect(page.locator("main")).to_contain_text("It will be answered by")
    with_scripts = open_page(f"{site}/tell-us", width=320).page
    with_scripts.get_by_role("link", name="اردو").press("Enter")
    expect(with_scripts.get_by_label("Which language do you write in?")).to_have_value("ur")
    box = with_scripts.get_by_label("What do you know?")
    box.fill("کارخانہ کھلا رہا")
    assert box.evaluate("box => box.matches(':dir(rtl)')"), "the words run the way of their script"
    assert axe(with_scripts) == []
    assert not runs_sideways(with_scripts)


def test_words_are_hidden_by_keyboard_and_without_a_script_on_a_phone(
    site: str, open_page: OpenPage, axe: Callable[[Page], list[str]]
) -> None:
    director = Actor(accounts.require(outbreak.DIRECTOR).person_id, outbreak.OFFICE, "outbreak_control")
    state = {"cookies": signed_in(outbreak.DIRECTOR, outbreak.OFFICE), "origins": []}
    for scripts in (True, False):
        note = known.write_note(director, known.About(outbreak.NEIGHBOURHOOD), "ludmila has it")
        opened = open_page(f"{site}/known/notes/{note}", width=320, scripts=scripts, storage_state=state)
        opened.expected.append("400 (Bad Request)")
        page = opened.page
        page.locator("#hide summary").press("Enter")
        page.get_by_label("Why?").select_option("person")
        page.get_by_role("button", name="Hide these words").press("Enter")
        expect(page.locator(".govuk-error-summary")).to_contain_text("Tick the box")
        expect(page.get_by_label("Why?")).to_have_value("person")
        if scripts:
            assert axe(page) == []
        assert not runs_sideways(page)
        page.get_by_label("Yes, hide the words of note").press("Space")
        page.get_by_role("button", name="Hide these words").press("Enter")
        expect(page.locator(f"#note-{note}")).to_contain_text("it names a person.")
        expect(page.locator("main")).not_to_contain_text("ludmila")
        page.get_by_role("button", name="Show the words again").press("Enter")
        expect(page.locator(f"#note-{note}")).to_have_text("ludmila has it")
        page.locator("#hide summary").press("Enter")
