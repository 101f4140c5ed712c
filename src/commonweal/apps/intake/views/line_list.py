"""The published line list: a page, a Table Schema and an example, open to everybody."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from commonweal.apps.intake import rulebook
from commonweal.apps.intake.pages import line_list
from commonweal.core.intake.published import example
from commonweal.core.intake.schema import table_schema

PUBLIC_SECONDS = 30


@login_not_required
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """What a record holds, in words."""
    built = line_list.build(rulebook.line_list())
    return _public(render(request, "intake/line_list.html", {"page": built.page, "line_list": built}))


@login_not_required
@require_GET
def schema(_request: HttpRequest) -> HttpResponse:
    """The same as a Frictionless Table Schema."""
    return _public(JsonResponse(table_schema(rulebook.line_list()), json_dumps_params={"indent": 1}))


@login_not_required
@require_GET
def example_file(_request: HttpRequest) -> HttpResponse:
    """A CSV with every column and one invented record."""
    response = HttpResponse(
        example(rulebook.line_list(), rulebook.example_record()), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="line-list-example.csv"'
    return _public(response)


def _public(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = f"public, max-age={PUBLIC_SECONDS}"
    return response
