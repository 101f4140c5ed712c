"""What the interface for programs refuses before any operation is reached: in its own form, with the next step."""

from __future__ import annotations

import json
from typing import Any

import django
import pytest
from django.apps import apps
from django.test import Client

from commonweal.web.threads import ThreadedHandler

from .test_threads import visit

if not apps.ready:
    django.setup()

TOKEN = "Bearer of-nobody"


def refused(method: str, path: str, *, token: bool) -> tuple[int, str, dict[str, Any], str]:
    """Status, kind, document and allowed methods; with a token as served to programs, without one as to a browser."""
    if token:
        headers = [(b"host", b"localhost"), (b"authorization", TOKEN.encode())]
        start, content = visit(ThreadedHandler(threads=1), method=method, path=path, headers=headers)
        told = {name.decode().lower(): value.decode() for name, value in start["headers"]}
        return start["status"], told["content-type"], json.loads(content["body"]), told.get("allow", "")
    answer = Client(HTTP_HOST="localhost").generic(method, path)
    return answer.status_code, answer["Content-Type"], json.loads(answer.content), answer.get("Allow", "")


@pytest.mark.parametrize("token", [True, False])
@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/feeds/lab/results/", "/api/", "/api/v2/results"])
def test_an_address_that_is_not_there_is_said_in_the_form_of_programs(space: str, path: str, *, token: bool) -> None:
    status, kind, told, _ = refused("GET", path, token=token)
    assert (status, kind, told["status"]) == (404, "application/problem+json", 404)
    assert path in told["detail"]
    assert "/api/v1/openapi.json" in told["detail"]


@pytest.mark.parametrize("token", [True, False])
@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/v1/feeds/lab/results", "POST"),
        ("PUT", "/api/v1/results", "GET"),
        ("DELETE", "/api/v1/signals", "GET"),
    ],
)
def test_another_method_is_refused_with_those_that_the_address_takes(
    space: str, method: str, path: str, allowed: str, *, token: bool
) -> None:
    status, kind, told, allow = refused(method, path, token=token)
    assert (status, kind, told["status"]) == (405, "application/problem+json", 405)
    assert allow == allowed
    assert f"takes {allowed}, not {method}" in told["detail"]


def test_a_page_that_is_not_there_stays_a_page(space: str) -> None:
    answer = Client(HTTP_HOST="localhost").get("/no-such-page")
    assert (answer.status_code, answer["Content-Type"]) == (404, "text/html; charset=utf-8")
