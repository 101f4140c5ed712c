"""The live part of Today: looks again after every tick, and says what is new in as many words."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace

from commonweal.apps.desk import around, waiting
from commonweal.apps.desk.waiting import Who
from commonweal.web import db, live
from commonweal.web.live import in_thread

GATHER_SECONDS = 0.3
CHECK_SECONDS = 4.0
HELD = "select count(distinct office_id) from access.current_appointment where person_id = %s and office_id = any (%s)"


async def events(who: Who) -> AsyncIterator[bytes]:
    """Server-sent events of one open Today; ends when an office of the person does."""
    known = await in_thread(lambda: _keys(who))
    subscription = live.relay().subscribe(frozenset({"desk"}))
    checked = time.monotonic()
    try:
        yield live.comment("open")
        async for changed in live.wakes(subscription, gather=GATHER_SECONDS, quiet=CHECK_SECONDS):
            if time.monotonic() - checked >= CHECK_SECONDS:
                checked = time.monotonic()
                if not await in_thread(lambda: _still_held(who)):
                    yield live.sse("closed", {"reason": "Your offices have changed: load this page again."})
                    return
            if not changed:
                yield live.comment("quiet")
                continue
            found = await in_thread(lambda: _keys(who))
            if found != known:
                new = [subject for key, subject in found.items() if key not in known]
                known = found
                yield live.sse(
                    "news",
                    {"say": f"New for you: {new[0]}" if new else "Something was dealt with.", "count": len(found)},
                )
    finally:
        live.relay().unsubscribe(subscription)


def _keys(who: Who) -> dict[str, str]:
    return {one.key: one.subject for one in waiting.for_offices(replace(who, now=around.now()))}


def _still_held(who: Who) -> bool:
    return bool(db.value("app", HELD, [who.person_id, list(who.offices)]) == len(who.offices))
