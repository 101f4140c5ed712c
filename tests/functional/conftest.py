"""A real Chromium for the tests of pages. Every page a test opens fails it on a policy violation or script error."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import django
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.apps import apps
from django.db import connections
from playwright.sync_api import Browser, Page, sync_playwright

# Models can be imported only once Django is set up, so it is before the tests are collected.
if not apps.ready:
    django.setup()

# The browser's driver keeps an event loop in this thread; the tests' own queries beside it are meant.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

# A folder that takes a picture of every page at the end of its test, for people to look at.
SCREENSHOTS = os.environ.get("COMMONWEAL_SCREENSHOTS")

FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
REPORT_VIOLATIONS = """
document.addEventListener('securitypolicyviolation', (event) =>
  console.error(`policy: ${event.violatedDirective} refused ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""


@dataclass
class Opened:
    """An open page and everything its console complained about."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def unexpected(self) -> list[str]:
        return [text for text in self.complaints if not any(part in text for part in self.expected)]


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser: COMMONWEAL_CHROMIUM or the one on PATH. Its absence fails in CI and skips elsewhere."""
    found = os.environ.get("COMMONWEAL_CHROMIUM") or shutil.which("chromium")
    if found and Path(found).exists():
        return found
    message = "no Chromium: install Debian's chromium or set COMMONWEAL_CHROMIUM to one (./go test does)"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """One browser a module: while it is open an event loop runs in this thread, and Django refuses its database there."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield launched
        launched.close()
        forget_connections()


def forget_connections() -> None:
    """Close the database connections of this module's tests and forget them.

    While the browser's event loop is in the thread, Django keeps another set of connections than without it. Nothing
    else would ever close that set, and the next module with a browser would meet it broken: its space is gone.
    """
    for alias in connections:
        if hasattr(connections._connections, alias):
            connections[alias].close()
            del connections[alias]


@pytest.fixture
def open_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Opened]]:
    """open_page(url, width=1280, scripts=True, ...) -> Opened; further names are those of a browser context."""
    opened: list[Opened] = []

    def open_one(url: str, *, width: int = 1280, scripts: bool = True, **context: Any) -> Opened:
        viewport = {"width": width, "height": 800}
        page = browser.new_context(viewport=viewport, java_script_enabled=scripts, **context).new_page()
        one = Opened(page)
        opened.append(one)
        page.on("pageerror", lambda error: one.complaints.append(f"script error: {error}"))
        page.on("console", lambda said: one.complaints.append(said.text) if said.type == "error" else None)
        page.add_init_script(REPORT_VIOLATIONS)
        page.goto(url)
        if scripts:
            page.wait_for_selector("html[data-ready]", state="attached")
        return one

    yield open_one
    for number, one in enumerate(opened):
        if SCREENSHOTS:
            name = re.sub(r"[^a-zA-Z0-9]+", "-", request.node.name).strip("-")
            one.page.screenshot(path=f"{SCREENSHOTS}/{name}-{number}.png", full_page=True)
        one.page.context.close()
    for one in opened:
        assert one.unexpected() == []


@pytest.fixture
def axe() -> Callable[[Page], list[str]]:
    """axe(page) -> what breaks accessibility rules, as readable lines."""

    def run(page: Page) -> list[str]:
        settled(page)
        found = Axe().run(page).response["violations"]
        return [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]]

    return run


def runs_sideways(page: Page) -> bool:
    """Whether the page is wider than its window."""
    settled(page)
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def settled(page: Page) -> None:
    """Wait until the page that a click led to is there whole: just after a click the new document may still be empty."""
    page.wait_for_load_state("load")
    page.locator("h1").first.wait_for(state="attached")


def tab_order(page: Page, at_most: int = 200) -> list[int]:
    """Positions in the document of the elements that Tab reaches, until it comes round."""
    position = """() => {
      const all = [...document.querySelectorAll('*')];
      const now = document.activeElement;
      const box = now.getBoundingClientRect();
      return now === document.body ? null : [all.indexOf(now), box.width * box.height];
    }"""
    order: list[int] = []
    for _ in range(at_most):
        page.keyboard.press("Tab")
        found = page.evaluate(position)
        if found is None or (order and found[0] == order[0]):
            break
        assert found[1] > 0, "every element that takes the focus can be seen"
        order.append(found[0])
    return order
