"""The interface for programs, below `/api/v1/`: problems as problem+json, one place where its rooms meet."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from commonweal import __version__
from commonweal.apps.intake.pull_api import router as results
from commonweal.apps.intake.send_api import router as sending
from commonweal.apps.surveillance.api import router as surveillance
from commonweal.apps.surveillance.evidence_api import router as evidence
from commonweal.apps.surveillance.known_api import router as known
from commonweal.apps.surveillance.social_api import router as social
from commonweal.apps.surveillance.why_api import router as why
from commonweal.core.errors import CommonwealError, NotAllowed, NotThere, Refused
from commonweal.web.errors import document as problem

logger = logging.getLogger(__name__)
View = Callable[..., HttpResponse]
STATUS: tuple[tuple[type[CommonwealError], int, str], ...] = (
    (NotAllowed, 403, "Not allowed"),
    (NotThere, 404, "Not there"),
    (Refused, 400, "Refused"),
)

api = NinjaAPI(
    title="Commonweal",
    version=__version__,
    description="Shared evidence, local voice, open decisions. Errors are application/problem+json.",
    openapi_url="/openapi.json",
    docs_url=None,
    urls_namespace="api",
)
api.add_router("", results)
api.add_router("", sending)
api.add_router("", surveillance)
api.add_router("", known)
api.add_router("", evidence)
api.add_router("", why)
api.add_router("", social)


def with_methods_in_words(view: View) -> View:
    """A view of the interface that says which methods an address takes when it is asked with another one."""

    @wraps(view)
    def saying(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED:
            return response
        allowed = ", ".join(sorted(response["Allow"].split(", ")))
        words = f"{request.path} takes {allowed}, not {request.method}. /api/v1/openapi.json says what each one does."
        told = problem(HTTPStatus.METHOD_NOT_ALLOWED, "Not by this method", words)
        told["Allow"] = allowed
        return told

    return saying


@api.exception_handler(CommonwealError)
def _ours(_request: HttpRequest, error: CommonwealError) -> HttpResponse:
    for family, status, title in STATUS:
        if isinstance(error, family):
            return problem(status, title, str(error))
    return problem(400, "Refused", str(error))


@api.exception_handler(ValidationError)
def _invalid(_request: HttpRequest, error: ValidationError) -> HttpResponse:
    return problem(422, "Not understood", "Some values are missing or of the wrong kind.", errors=error.errors)


@api.exception_handler(AuthenticationError)
def _unknown(_request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
    return problem(401, "Who are you?", "Send a token that is in force: Authorization: Bearer TOKEN.")


@api.exception_handler(HttpError)
def _http(_request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(error.status_code, "Not possible", str(error))


@api.exception_handler(Exception)
def _fault(_request: HttpRequest, error: Exception) -> HttpResponse:
    logger.exception("the interface for programs failed", exc_info=error)
    return problem(500, "A fault of ours", "Nothing was changed. Please report it with the time of this answer.")
