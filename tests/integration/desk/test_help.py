"""Every page that links lead to says what it is, whom to call and where to practise: signed in, on the way in, and for
what is not there."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator
from html import unescape
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client
from tests.integration.access.build import act, browser
from tests.integration.intake import ground
from tests.integration.intake import world as records

from commonweal.apps.desk import duty
from commonweal.web import db

from . import build
from .build import DIRECTOR, LEADER, MINISTER, PLACE, actor, tell

OF_A_KIND = 2  # so many pages are opened whose addresses differ in numbers and codes alone
FILE = re.compile(r"\.(csv|xlsx|svg|json|geojson|parquet|pdf|css|js)$|/live$|^/static/|/logout/|/codes/download/")


@pytest.fixture(scope="module", autouse=True)
def world(space: str) -> Iterator[None]:
    records.make_places()
    ground.offices()
    ground.lay()
    for name, office in (("director", DIRECTOR), ("leader", LEADER), ("minister", MINISTER)):
        build.person(name, office)
    duty.set_work_phone(actor("director", DIRECTOR), "0116 496 0000")
    duty.make_rota(actor("director", DIRECTOR), "city", "City on call")
    db.value("app", "select desk.refresh_search_keys()")
    tell(DIRECTOR, LEADER, MINISTER, subject="A cluster in Belgrave", places=[PLACE])
    with build.named_space(space), pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMMONWEAL_HELP_PHONE", "0116 496 0999")
        yield


def shape(path: str) -> str:
    """An address without what tells two pages of one kind apart."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|[EW][0-9]{8}|[0-9]+", "N", path)


def pages(client: Client, *starts: str) -> Iterator[tuple[str, str]]:
    """(path, page) of everything that links lead to from here, a few of each kind."""
    ahead, seen, kinds = deque(starts), set(starts), Counter[str]()
    while ahead:
        address = ahead.popleft()
        kind = shape(urlsplit(address).path)
        if FILE.search(urlsplit(address).path) or kinds[kind] >= OF_A_KIND:
            continue
        kinds[kind] += 1
        answer = client.get(address, follow=True)
        if not answer.headers.get("Content-Type", "").startswith("text/html"):
            continue
        page = answer.content.decode()
        assert answer.status_code < 500, f"{address} answers {answer.status_code}"
        yield address, page
        for link in re.findall(r'<a[^>]* href="([^"#]+)', page):
            found = urljoin(address, unescape(link))
            if found.startswith("/") and found not in seen:
                seen.add(found)
                ahead.append(found)


def lacks(page: str) -> list[str]:
    """What the foot of a page does not have."""
    foot = page.partition("<footer")[2]
    wanted = {
        "what this is": "What this is</h2>",
        "what the words mean": "What the words mean</h2>",
        "whom to ask": "Whom to ask</h2>",
        "a number": 'href="tel:',
        "where to practise": 'href="/practise"',
    }
    return [name for name, mark in wanted.items() if mark not in foot]


@pytest.mark.parametrize(
    ("name", "office"), [("director", DIRECTOR), ("leader", LEADER), ("minister", MINISTER), ("", "")]
)
def test_every_page_that_links_lead_to_has_help_with_a_number(name: str, office: str) -> None:
    if office:
        client = browser(f"{name}@desk.example")
        act(client, office, "outbreak_control")
        found = dict(pages(client, "/today", "/search?q=le", "/brief", "/nothing-here", "/n/1"))
        assert len(found) > 25, f"only {len(found)} pages were found"
    else:
        found = dict(pages(Client(SERVER_NAME="localhost"), "/", "/account/login/", "/nothing-here", "/invitation/x/"))
        assert len(found) > 4
    assert {address: lacking for address, page in found.items() if (lacking := lacks(page))} == {}
