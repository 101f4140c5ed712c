"""What the first visitor would wait for is done while a server starts: addresses, templates, the kernels of figures.

None of it reads the database or changes an answer; all of it would be done by the pages themselves when first opened.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.template import engines
from django.template.backends.jinja2 import Jinja2
from django.urls import reverse

from commonweal.apps.surveillance.pages import place_figures
from commonweal.apps.surveillance.place_settings import setting

MACROS = "govuk_frontend_jinja/components/"
DELAYS = 4  # days from test to report in the made-up place

log = logging.getLogger(__name__)


def begin() -> threading.Thread:
    """Do everything in a thread of its own, so that the site is open meanwhile."""
    thread = threading.Thread(target=everything, name="warming", daemon=True)
    thread.start()
    return thread


def everything() -> list[str]:
    """One step after the other; returns those that failed. What fails here fails again where a visitor sees it, so it
    is written to the log and stops nothing."""
    failed = []
    for step in STEPS:
        try:
            step()
        except Exception:
            log.exception("%s could not be prepared", step.__name__)
            failed.append(step.__name__)
    return failed


def addresses() -> None:
    """The index of named pages is made when the first of them is asked for."""
    reverse("desk:today")


def templates() -> None:
    """Read every page's template and every macro that they use, from where compiled ones are kept."""
    pages = engines["pages"]
    if not isinstance(pages, Jinja2):
        raise TypeError(f"the engine of pages is {type(pages).__name__}, not Jinja2")
    for name in pages.env.list_templates():
        if name.endswith(".html") and (not name.startswith("govuk_frontend_jinja/") or name.startswith(MACROS)):
            pages.env.get_template(name)


def figures() -> place_figures.Figures:
    """Work out the figures of a made-up place, which loads (on a new machine: compiles) the kernels they need."""
    rules, now = setting(), datetime(2020, 6, 29, 12, tzinfo=UTC)
    people = [
        {"day": now.date() - timedelta(days=back), "ago": back - delay, "pillar": "pillar2", "whole": 20, "own": 10}
        for back in range(rules.history_days)
        for delay in range(min(back, DELAYS) + 1)
    ]
    subject = place_figures.Subject("E06000016", "A place", "authority", 300_000, "residents", {}, "", "")
    return place_figures.work_out(
        subject, people, [], {}, as_of=now, today=now.date(), history_days=rules.history_days,
        shown_days=rules.shown_days, method=rules.method,
    )  # fmt: skip


STEPS: tuple[Callable[[], object], ...] = (addresses, templates, figures)
