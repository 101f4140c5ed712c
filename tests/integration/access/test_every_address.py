"""Deny by default: every address of the site asks for a sign-in, except those named here, each for a reason."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from commonweal.apps.access import actions
from commonweal.site.api import api

from .build import authorities, browser

# name of the address -> why anybody may open it. Both directions are checked.
PUBLIC = {
    "account_login": "the way in",
    "account_logout": "the way out; leads to the way in when nobody is signed in",
    "account_inactive": "says that an account is closed",
    "mfa_authenticate": "the second step of the way in; leads back to the first without it",
    "demo": "the entrance of a demonstration, with the token printed on its terminal; never in the live space",
    "access:invitation": "a one-time link, known to its holder only",
    "home": "what this is, and the way in",
    "known:tell_us": "anybody tells us what they know of a place; no health data, limited by address",
    "known:told": "what came of it, known to the holder of the reference only",
    "desk:practise": "how to try everything out on the fictional city; it names nobody and no place",
    "intake:balance": "the public sheet on which everything received is accounted for",
    "intake:balance_file": "the same sheet as a file",
    "intake:line_list": "what a record holds, for those who send",
    "intake:line_list_schema": "the same as a Table Schema",
    "intake:line_list_example": "an example with an invented record",
}
# Signed-in pages that open before an office is chosen.
NO_OFFICE = {"access:acting", "access:account", "access:sign_out_everywhere"}
EXAMPLES = {
    "notice_id": "00000000-0000-4000-8000-000000000000",
    "form": "csv",
    "outcome": "rejected",
    "agreement_id": "public-health-e06000016-1",
    "token": "none",
}


# Operations of the interface for programs that need neither token nor session.
PUBLIC_OPERATIONS: set[str] = set()


def addresses(
    resolver: URLResolver | None = None, space: str = "", path: str = ""
) -> Iterator[tuple[str, str, object]]:
    """(name, example path, view) of every address."""
    for pattern in (resolver or get_resolver()).url_patterns:
        here = path + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from addresses(pattern, space + inner, here)
        else:
            assert isinstance(pattern, URLPattern)
            here = re.sub(r"<(?:\w+:)?(\w+)>", lambda part: EXAMPLES.get(part.group(1), "1"), here)
            yield f"{space}{pattern.name}", f"/{here}", pattern.callback


@pytest.fixture(scope="module", autouse=True)
def world(space: str) -> None:
    authorities(E06000016="Leicester")
    actions.invite("nobody@leicester.example", "No Office", [])


def test_the_list_of_public_addresses_is_exact() -> None:
    found = {name for name, _, view in addresses() if getattr(view, "login_required", True) is False}
    assert {name for name in found if not name.startswith("api:")} == set(PUBLIC)


def test_every_operation_for_programs_asks_who_it_is_unless_named_here() -> None:
    open_to_all = {
        f"{path} {operation.view_func.__name__}"
        for path, view in ((path, view) for _, router in api._routers for path, view in router.path_operations.items())
        for operation in view.operations
        if not operation.auth_callbacks
    }
    assert open_to_all == PUBLIC_OPERATIONS
    answer = Client(SERVER_NAME="localhost").get("/api/v1/results")
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_session_without_its_second_factor_is_nobody_to_the_interface() -> None:
    actions.invite("analyst@leicester.example", "Analyst", ["analyst-e06000016"])
    assert browser("analyst@leicester.example", second_factor=False).get("/api/v1/results").status_code == 401
    assert browser("analyst@leicester.example").get("/api/v1/results").status_code == 403, "no agreement is in force"


def test_every_other_address_leads_a_stranger_to_the_way_in() -> None:
    tried = 0
    for name, path, _ in addresses():
        if name in PUBLIC or name.startswith("api:"):
            continue
        for method in ("get", "post"):
            answer = getattr(Client(SERVER_NAME="localhost"), method)(path)
            assert answer.status_code == 302, (name, path, answer.status_code)
            assert answer.headers["Location"].startswith("/account/login/"), (name, path)
            tried += 1
    assert tried >= 30


def test_every_page_needs_an_acting_office_unless_named_here() -> None:
    client = browser("nobody@leicester.example")
    for name, path, _ in addresses():
        if name in PUBLIC or name.startswith(("account_", "mfa_")) or name in NO_OFFICE or path.startswith("/api/"):
            continue
        answer = client.get(path)
        assert (answer.status_code, answer.headers.get("Location", "").split("?")[0]) == (302, "/acting/"), (name, path)


def test_pages_carry_the_strict_policy_and_run_nothing_inline() -> None:
    client = browser("nobody@leicester.example")
    for path in ("/account/login/", "/acting/", "/account/", "/account/second-factor/"):
        answer = (Client(SERVER_NAME="localhost") if "login" in path else client).get(path)
        assert answer.status_code == 200, path
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        text = answer.content.decode()
        assert "style=" not in text
        assert "<script>" not in text
        assert "<h1" in text
        assert "Whom to ask" in text


def test_an_unknown_address_says_so_and_no_more() -> None:
    answer = Client(SERVER_NAME="localhost").get("/nowhere/")
    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.content.decode()
