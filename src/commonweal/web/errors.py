"""Errors as pages, and as documents for programs: what happened, what the rule is, what to do next.

Our own families of errors become pages here.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template import loader

from commonweal.core.errors import CommonwealError, NotAllowed, NotThere, Refused
from commonweal.web.pages import Help, Link, Page, Problem
from commonweal.web.threads import PROGRAMS

log = logging.getLogger(__name__)

HELP = Help(
    "Commonweal shows test results to the people who are responsible for the place they belong to.",
    (
        (
            "Office",
            "A post that answers for places. You act for one at a time; its name is at the top of the page.",
        ),
        ("In scope", "The places that your office answers for. Pages of other places do not open."),
        ("Address", "What stands in the line at the top of your browser. A link that was cut off leads nowhere."),
    ),
    "The person who gave you access, or the operator of this service.",
)
FAMILIES: tuple[tuple[type[CommonwealError], int, str], ...] = (
    (NotAllowed, 403, "You cannot open this page"),
    (NotThere, 404, "There is nothing at this address"),
    (Refused, 400, "This cannot be done"),
)


def document(status: int, title: str, detail: str, **more: Any) -> HttpResponse:
    """A problem as programs read it (RFC 9457)."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return HttpResponse(json.dumps(body, default=str), status=status, content_type="application/problem+json")


def is_for_programs(request: HttpRequest) -> bool:
    """Whether the address is one of the interface for programs."""
    return request.path.startswith(PROGRAMS)


def respond(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The page of a problem (its document at an address for programs), with its status. It needs no database."""
    if is_for_programs(request):
        return document(problem.status, problem.title, " ".join(problem.sentences))
    context = {"page": Page(problem.title, HELP), "problem": problem}
    return HttpResponse(loader.render_to_string("commonweal/problem.html", context, request), status=problem.status)


def problem_of(error: CommonwealError) -> Problem:
    """The problem that an error of ours is; its own message is the sentence."""
    for family, status, title in FAMILIES:
        if isinstance(error, family):
            return Problem(status, title, (str(error),))
    return Problem(400, "This cannot be done", (str(error),))


class SayErrors:
    """Middleware: an error of our families, raised anywhere in a view, becomes its page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return respond(request, problem_of(error)) if isinstance(error, CommonwealError) else None


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    sentences = ("The browser sent something this page does not understand.", "Go back, reload the page and try again.")
    return respond(request, Problem(400, "This request was not understood", sentences))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    sentences = (
        str(exception or "None of your offices opens this page."),
        "If you should see it, ask the person who appoints to your office.",
    )
    return respond(request, Problem(403, "You cannot open this page", sentences))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    sentences = (
        "The form was open too long or was sent from another place, so nothing was changed.",
        "Go back, reload the page and send it again.",
    )
    return respond(request, Problem(403, "Please send this again", sentences))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    sentences: tuple[str, ...] = (
        "Check the address, or start from the first page.",
        "If a link brought you here, tell the person who sent it.",
    )
    if is_for_programs(request):
        sentences = (
            f"No address of the interface is {request.path}.",
            "Check the spelling and the slash at the end; /api/v1/openapi.json lists every address.",
        )
    return respond(request, Problem(404, "There is nothing at this address", sentences))


def too_many(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    sentences = ("There were too many attempts in a short time.", "Wait five minutes and try again.")
    return respond(request, Problem(429, "Please wait a little", sentences))


def server_error(request: HttpRequest) -> HttpResponse:
    """The page of a fault of ours; the reference is logged beside the traceback that Django logs."""
    reference = secrets.token_hex(4)
    log.error("fault %s at %s", reference, request.path)
    sentences = ("This is our fault, not yours. Nothing that was already saved is lost.", "Try again in a minute.")
    links = (Link("Try again", request.path), Link("Go to the first page", "/"))
    return respond(request, Problem(500, "Something went wrong here", sentences, links, reference))
