"""*Upload*: a file is chosen, previewed, matched to fields, and sent when its sender confirms it."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from commonweal.apps.intake import actions, feeds, previews
from commonweal.apps.intake.pages import upload
from commonweal.apps.intake.views import common
from commonweal.core.errors import NotAllowed

MATCH = "match-"


class FileForm(forms.Form):
    """The file to send."""

    file = forms.FileField(
        label="File with records",
        help_text="CSV, also packed with gzip; its columns are named as the published line list names them.",
        widget=forms.FileInput(attrs={"accept": ".csv,.gz,text/csv"}),
    )


def require_owner(request: HttpRequest, name: str) -> None:
    """Only an office of the organisation that owns the feed sends to it."""
    common.require(request, "send_results", "send results")
    feed = feeds.feed(name, "app")
    if common.seat(request).organisation_id != feed.owner_id:
        raise NotAllowed(f"The feed {name!r} belongs to another organisation; only its own offices send to it.")


def person(request: HttpRequest) -> str:
    """Who sends: the person, by id, for the office."""
    return f"{common.seat(request).title} ({common.actor(request).person_id})"


@require_http_methods(["GET", "POST"])
def choose(request: HttpRequest, name: str) -> HttpResponse:
    """Choose a file; what would become of it is shown before anything is taken in."""
    require_owner(request, name)
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    if form.is_valid():
        given = form.cleaned_data["file"]
        token = previews.keep(given.read(), name, person(request))
        return show(request, name, token, str(given.name or "file"))
    context = {"upload": upload.start(name), "page": upload.page_of(name), "form": form}
    return render(request, "intake/upload.html", context, status=400 if form.errors else 200)


def show(request: HttpRequest, name: str, token: str, label: str) -> HttpResponse:
    """The preview of a waiting file."""
    found = previews.preview(name, previews.kept(token, name, person(request), label))
    built = upload.build(
        name,
        label,
        token,
        found.balance,
        found.outcomes,
        found.first,
        found.unknown,
        found.absent,
        found.before,
        found.refused,
    )
    return render(request, "intake/preview.html", {"page": built.page, "preview": built})


@require_POST
def match(request: HttpRequest, name: str) -> HttpResponse:
    """Remember which column is which field, and show the preview again."""
    require_owner(request, name)
    chosen = {
        key.removeprefix(MATCH): str(field) for key, field in request.POST.items() if key.startswith(MATCH) and field
    }
    previews.remember_mapping(name, {**feeds.column_mapping(name), **chosen})
    return show(request, name, request.POST.get("token", ""), request.POST.get("label", "file"))


@require_POST
def send(request: HttpRequest, name: str) -> HttpResponse:
    """Take the confirmed file in, and show what became of it."""
    require_owner(request, name)
    token = request.POST.get("token", "")
    source = previews.kept(token, name, person(request), request.POST.get("label", "file"))
    receipt = actions.take_in(name, source)
    previews.forget(token)
    return HttpResponseRedirect(f"/submissions/{receipt.submission}")
