"""The way in with a real browser on a phone: link, password, second factor, office, agreement; rules of access on each."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import time
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.sync_api import Page, expect

from .conftest import Opened, runs_sideways
from .serving import serving_site

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Opened]
PASSWORD = "meadow lantern herring"
LOCAL, NATION = "director-of-public-health-e06000016", "national-decision-maker-e92000001"


@pytest.fixture(scope="module", autouse=True)
def beside_the_browser() -> Iterator[None]:
    """This thread asks the database while the browser's event loop is in it; nothing here is asynchronous."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture(scope="module")
def site(beside_the_browser: None, space: str) -> Iterator[str]:
    """The whole site over a space with one authority and the national body."""
    from tests.integration.access.build import authorities

    authorities(E06000016="Leicester")
    with pytest.MonkeyPatch.context() as patch, serving_site(space) as address:
        patch.setattr(PBKDF2PasswordHasher, "iterations", 1000)
        patch.setattr(settings, "CSRF_TRUSTED_ORIGINS", [address])
        yield address


def totp(secret: str) -> str:
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def go_in(opened: Opened, office: str, check: Callable[[Page], None]) -> None:
    """From an open one-time link to Today, acting as an office."""
    page = opened.page
    check(page)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Set up your second factor")
    check(page)
    page.get_by_label("Authenticator code").fill(totp(page.locator("#secret").inner_text()))
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    expect(page.locator("ul.cw-code li")).to_have_count(10)
    check(page)
    page.get_by_role("link", name="Continue").click()
    check(page)
    page.locator(f"input[value='{office}|outbreak_control']").check()
    page.get_by_role("button", name="Act for this office").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Today")
    expect(page.locator("#waiting")).to_be_visible()
    check(page)


@pytest.mark.parametrize("scripts", [True, False])
def test_both_tiers_go_in_and_accept_in_minutes_by_hand_in_seconds_here(
    scripts: bool, site: str, open_page: OpenPage, axe: Callable[[Page], list[str]]
) -> None:
    from commonweal.apps.access import actions, agreements, queries

    looked_at = set()

    def check(page: Page) -> None:
        assert not runs_sideways(page), page.url
        heading = page.get_by_role("heading", level=1).inner_text()
        if scripts and (heading, "accept" in page.content()) not in looked_at:  # each kind of page once: axe is slow
            looked_at.add((heading, "accept" in page.content()))
            assert axe(page) == [], page.url

    started = time.monotonic()
    who = "with" if scripts else "without"
    (row,) = (row for row in queries.agreements() if row["state"] == "offered")
    for email, office in ((f"director-{who}@leicester.example", LOCAL), (f"minister-{who}@nation.example", NATION)):
        token = actions.invite(email, email.split("@")[0].title(), [office]).token
        opened = open_page(f"{site}/invitation/{token}/", width=320, scripts=scripts)
        go_in(opened, office, check)
        page = opened.page
        page.get_by_role("link", name=f"Accept or refuse: {row['title']}").click()
        check(page)
        page.get_by_role("button", name="Accept for your organisation").click()
        expect(page.get_by_text("(you): has accepted")).to_be_visible()
        check(page)
    expect(page.get_by_text("This agreement is in force")).to_be_visible()
    page.goto(f"{site}/who-looked/")
    check(page)
    page.goto(f"{site}/account/")
    check(page)
    page.get_by_role("button", name="Sign out everywhere").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    check(page)
    assert time.monotonic() - started < 60
    from commonweal.apps.access.scope import Actor
    from commonweal.apps.access.signin import accounts

    agreements.give_notice(row["id"], Actor(accounts.require(email).person_id, NATION, "audit"), "the test ends")
    agreements.offer("E06000016")
