"""Open pages: woken once for all of a loop, each told of everything, sharing what they can share."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

from commonweal.apps.intake.stream import Shared
from commonweal.web import live

from .world import as_csv, record, send

CODES = frozenset({"E06000016"})


def test_a_loop_is_woken_once_for_all_of_its_sleeping_pages() -> None:
    async def go() -> tuple[int, list[bool], int]:
        loop = asyncio.get_running_loop()
        pages = [live.Subscription(CODES, loop) for _ in range(5)]
        pages[0].wake()
        calls: list[int] = []
        original = loop.call_soon_threadsafe

        def counted(callback: Any, *arguments: Any) -> Any:
            calls.append(len(arguments[0]))
            return original(callback, *arguments)

        loop.call_soon_threadsafe = counted  # type: ignore[assignment]
        other = threading.Thread(target=live.wake, args=(pages,))
        other.start()
        await asyncio.gather(*(asyncio.wait_for(page.event.wait(), 5) for page in pages))
        other.join()
        live.wake(pages)  # all are awake: nobody is disturbed
        return len(calls), [page.event.is_set() for page in pages], calls[0]

    assert asyncio.run(go()) == (1, [True] * 5, 4)


def test_what_is_told_while_a_page_is_awake_is_in_its_next_reading() -> None:
    """A page that is awake is not woken again: it must not read before it could be."""

    async def go() -> int:
        page = live.Subscription(CODES, asyncio.get_running_loop())
        told = seen = 0
        stop = threading.Event()

        def telling() -> None:
            nonlocal told
            while not stop.is_set():
                told += 1
                live.wake([page])
                time.sleep(0.0003)

        teller = threading.Thread(target=telling)
        teller.start()
        awake = live.wakes(page, gather=0.002, quiet=0.5)
        for _ in range(60):
            assert await anext(awake)
            seen = told
        stop.set()
        teller.join()
        if seen < told:
            assert await anext(awake), "what came after the last reading wakes the page once more"
            seen = told
        return told - seen

    assert asyncio.run(go()) == 0


def test_pages_that_are_woken_together_share_one_freeze(tokens: dict[str, str]) -> None:
    send(as_csv(record(record_id="L1", person_id="L1")))

    async def go() -> set[tuple[float, object]]:
        shared = Shared()
        return set(await asyncio.gather(*(one(shared) for _ in range(20))))

    async def one(shared: Shared) -> tuple[float, object]:
        return await shared.freeze_after(time.monotonic())

    assert len(asyncio.run(go())) == 1
