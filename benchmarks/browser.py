"""A few real pages in Chromium: when the live sentence changed, and up to which instant it then told."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

FLAGS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]
# Notes the moment of the first picture after each change, with the instant that the sentence tells up to.
WATCH = """
() => { window.seen = []; const line = document.getElementById('live-counts');
  new MutationObserver(() => { const known = line.dataset.knownAt;
    requestAnimationFrame(() => setTimeout(() => window.seen.push([Date.now() / 1000, known]))); })
    .observe(line, { childList: true, characterData: true, subtree: true }); }
"""


def chromium() -> str | None:
    """The browser to use, or None."""
    found = os.environ.get("COMMONWEAL_CHROMIUM") or shutil.which("chromium")
    return found if found and Path(found).exists() else None


def open_pages(address: str, cookies: list[str], seconds: float) -> subprocess.Popen[str]:
    """Start a process that opens the page once for each cookie and prints, after so many seconds, what each saw."""
    return subprocess.Popen(
        [sys.executable, __file__, address, str(seconds), *cookies], stdout=subprocess.PIPE, text=True
    )


def seen(process: subprocess.Popen[str]) -> list[list[tuple[float, float]]]:
    """For each page: (moment of the picture, instant told up to)."""
    output, _ = process.communicate(timeout=60)
    pages = json.loads(output.strip().splitlines()[-1])
    return [[(at, datetime.fromisoformat(known).timestamp()) for at, known in page if known] for page in pages]


def main() -> None:
    from playwright.sync_api import sync_playwright

    address, seconds, *cookies = sys.argv[1:]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        pages = []
        for cookie in cookies:
            context = browser.new_context()
            pairs = (each.split("=", 1) for each in cookie.split("; "))
            context.add_cookies([{"name": name, "value": value, "url": address} for name, value in pairs])
            page = context.new_page()
            page.goto(address)
            page.wait_for_selector("html[data-ready]", state="attached")
            page.evaluate(WATCH)
            pages.append(page)
        print("open", flush=True)
        pages[0].wait_for_timeout(float(seconds) * 1000)
        print(json.dumps([page.evaluate("window.seen") for page in pages]))
        browser.close()


if __name__ == "__main__":
    main()
