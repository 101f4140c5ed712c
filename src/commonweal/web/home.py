"""The first page: what this is, and the way in. Somebody who is signed in is led to their own first page."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from commonweal.web.pages import Help, Page

HELP = Help(
    "Commonweal brings laboratory results to the people who are responsible for a place, at the moment they are known.",
    (
        (
            "Local and national",
            "Both see the same records at the same moment. Neither has a record the other cannot see.",
        ),
        ("Balance", "A public sheet on which everything that was received is accounted for."),
    ),
    "The operator of this service; about your own test, the service that tested you.",
)


@login_not_required
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """For a stranger what this is; for an office its first page."""
    if request.user.is_authenticated:
        return redirect(settings.FIRST_PAGE)
    return render(request, "commonweal/home.html", {"page": Page("Shared evidence, local voice", HELP)})
