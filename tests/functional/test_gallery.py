"""Every component and picture in a real browser: rules of accessibility, policy, phone, keyboard, paper, no scripts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from .conftest import Opened, runs_sideways, tab_order
from .gallery import Gallery
from .serving import serving

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Opened]
PAGES = ("components", "pictures", "form", "form-wrong", "problem")
PLACES = (
    "place",
    "place-empty",
    "signals",
    "signals-empty",
    "signal",
    "signal-series",
    "sweeps",
    "sweeps-empty",
    "sweep",
)
DESK = ("today", "today-empty", "talk", "missed", "known", "note", "told", "orphans", "who-looked")


@pytest.fixture(scope="module")
def gallery() -> Iterator[Gallery]:
    return Gallery()


@pytest.fixture(scope="module")
def site(gallery: Gallery) -> Iterator[str]:
    with serving(gallery) as address:
        yield address


@pytest.mark.parametrize(
    "name",
    [*PAGES, *PLACES, *DESK, "components?shell=rtl", "pictures?shell=rtl", "form?shell=out", "problem?shell=replay"],
)
def test_rules_of_accessibility_hold_on_phone_and_desk(
    name: str, site: str, open_page: OpenPage, axe: Callable[[Page], list[str]]
) -> None:
    page = open_page(f"{site}/{name}", width=320).page
    assert axe(page) == []
    assert not runs_sideways(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    assert not runs_sideways(page)
    if name.startswith("pictures"):
        return  # the other drawing of each picture has the same parts, and looking through all of them takes long
    for fold in page.locator("details").all()[:2]:
        fold.evaluate("fold => { fold.open = true; }")
    assert axe(page) == []
    assert not runs_sideways(page)


@pytest.mark.parametrize("name", ["signals", "orphans", "who-looked", "feeds"])
def test_a_table_of_words_is_whole_on_a_phone(name: str, site: str, open_page: OpenPage) -> None:
    page = open_page(f"{site}/{name}", width=320, scripts=False).page
    tables = page.locator(".cw-table--stack").all()
    assert tables
    for table in tables:
        assert table.evaluate("table => table.scrollWidth <= table.closest('.cw-scroll').clientWidth")
        assert table.evaluate("table => table.caption.clientHeight < 100"), "the caption is not squeezed"


@pytest.mark.parametrize("name", PAGES)
def test_keyboard_order_is_reading_order(name: str, site: str, open_page: OpenPage) -> None:
    page = open_page(f"{site}/{name}").page
    page.evaluate("document.activeElement.blur()")
    order = tab_order(page)
    assert len(order) > 4
    # An error summary takes the focus on load, so Tab may start inside and come round.
    turn = order.index(min(order))
    assert order[turn:] + order[:turn] == sorted(order)


def test_first_tab_skips_to_the_content(site: str, open_page: OpenPage) -> None:
    page = open_page(f"{site}/components").page
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.url.endswith("#main-content")


@pytest.mark.parametrize("name", [*PAGES, "place", "signals", "signal", "feeds", "late"])
def test_nothing_is_missing_without_scripts(name: str, site: str, open_page: OpenPage) -> None:
    with_scripts = open_page(f"{site}/{name}").page.locator("main")
    # A picture as PNG is made in the browser: that link alone needs scripts.
    with_scripts.evaluate("main => main.querySelectorAll('[data-make-png]').forEach(link => link.remove())")
    without = open_page(f"{site}/{name}", scripts=False).page.locator("main")
    plain = without.inner_text()
    for line in filter(None, map(str.strip, with_scripts.inner_text().splitlines())):
        # The button that shows a password needs scripts and appears only with them.
        assert line in plain or line == "Show"


@pytest.mark.parametrize("name", [*PLACES])
def test_no_name_stands_twice_and_open_folds_fit_a_phone(name: str, site: str, open_page: OpenPage) -> None:
    page = open_page(f"{site}/{name}", width=320, scripts=False).page
    page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    names = page.evaluate("[...document.querySelectorAll('[id]')].map(each => each.id)")
    assert [each for each, number in Counter(names).items() if number > 1] == []
    assert not runs_sideways(page)


def test_one_drawing_of_each_picture_is_shown(site: str, open_page: OpenPage) -> None:
    page = open_page(f"{site}/pictures").page
    for width, shown, hidden in ((320, "narrow", "wide"), (1280, "wide", "narrow")):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.locator(f".cw-svg--{shown}:visible").count() == 7
        assert page.locator(f".cw-svg--{hidden}:visible").count() == 0


def test_letters_in_pictures_can_be_read(site: str, open_page: OpenPage) -> None:
    page = open_page(f"{site}/pictures").page
    for width in (320, 360, 640, 700, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert smallest_letters(page) >= 10.5, width


def smallest_letters(page: Page) -> float:
    """The smallest letters of any picture, in pixels of the screen."""
    return page.evaluate(
        """() => Math.min(...[...document.querySelectorAll('.cw-svg text')]
          .filter((text) => text.getClientRects().length)
          .map((text) => parseFloat(getComputedStyle(text).fontSize) * text.ownerSVGElement.getScreenCTM().a))"""
    )


def test_no_text_of_a_picture_leaves_its_sheet(site: str, open_page: OpenPage) -> None:
    page = open_page(f"{site}/pictures").page
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        outside = page.evaluate(
            """() => [...document.querySelectorAll('.cw-svg text')].filter((text) => {
              const letters = text.getBoundingClientRect(), sheet = text.ownerSVGElement.getBoundingClientRect();
              return letters.width && (letters.left < sheet.left - 2 || letters.right > sheet.right + 2);
            }).map((text) => text.textContent)"""
        )
        assert outside == []


def test_paper_shows_what_screens_do_and_the_address(site: str, open_page: OpenPage) -> None:
    page = open_page(f"{site}/components").page
    page.emulate_media(media="print")
    expect(page.locator(".cw-print-only")).to_contain_text("As known at 7:02:11am on Saturday 13 June 2020")
    expect(page.locator(".govuk-service-navigation")).to_be_hidden()
    expect(page.locator("#areas")).to_be_visible()
    page.set_viewport_size({"width": 680, "height": 900})
    assert not runs_sideways(page)


def test_error_summary_leads_to_the_field(site: str, open_page: OpenPage) -> None:
    page = open_page(f"{site}/form-wrong").page
    page.get_by_role("link", name="There is no day 31 6 2020").click()
    assert page.evaluate("document.activeElement.id") == "id_when-day"


def test_live_page_changes_reconnects_and_ends(gallery: Gallery, site: str, open_page: OpenPage) -> None:
    gallery.asked.clear()
    page = open_page(f"{site}/live-page", reduced_motion="reduce").page
    counts, region = page.locator("#live-counts"), page.locator("#latest")
    first = region.inner_text()
    new = "New since you opened this: {}."
    expect(counts).to_have_text(new.format("3 more people tested positive, 2,000 negative results"))
    expect(page.locator("#live-says")).not_to_have_text("")
    expect(page.locator("#live-state")).to_have_text("You no longer hold this office.")
    assert gallery.asked == ["since=0", "since=1-1"], "the second connection asks for what came after the last event"
    expect(region).not_to_have_text(first)
    assert page.locator(".cw-new").count() == 0, "nothing moves for readers who asked for calm"


def test_picture_is_offered_as_png(site: str, open_page: OpenPage) -> None:
    page = open_page(f"{site}/signal").page
    with page.expect_download() as download:
        page.locator("#curve").get_by_role("link", name="PNG").click()
    assert download.value.suggested_filename == "curve.png"
    assert download.value.path().read_bytes().startswith(b"\x89PNG")
