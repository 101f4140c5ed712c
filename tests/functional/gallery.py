"""All components and pictures on a few pages, served without a database, under the policy of the real site."""

from __future__ import annotations

import json
import mimetypes
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django import forms
from jinja2 import ChoiceLoader, DictLoader, Environment, FileSystemLoader

from commonweal.core import pictures as p
from commonweal.web import errors, jinja, look
from commonweal.web import pages as w
from commonweal.web.forms import DayField

from . import sample_pages, samples

APPS = Path(look.__file__).resolve().parents[1] / "apps"

PAGE = """{% extends "commonweal/base.html" %}
{% import "commonweal/parts.html" as parts %}{% import "commonweal/forms.html" as f %}
{% block content %}
"""
TEMPLATES = {
    "components": PAGE
    + """<h1 class="govuk-heading-l">{{ page.title }}</h1>
{{ parts.sentences(lead) }}
<p class="cw-number">97</p><p class="cw-number__caption">people per 100,000 residents in seven days</p>
{{ parts.known(page.known) }}
<p class="cw-lead" id="live-counts" hidden></p>{{ parts.live() }}<div id="latest" data-live-region><p class="govuk-body">{% if page.live %}Read {{ reading }}{% else %}Nothing new{% endif %}</p></div>
{{ parts.table(shown) }}{{ parts.pager(pager, "areas") }}{{ parts.empty(empty) }}{{ parts.computed(computed) }}
{% endblock %}""",
    "pictures": PAGE
    + """<h1 class="govuk-heading-l">{{ page.title }}</h1>
{% for one in shown %}{{ parts.picture(one) }}{% endfor %}
<p class="govuk-body">{{ spark | svg }}</p>
{% endblock %}""",
    "form": PAGE
    + """{{ f.errors(form) }}<h1 class="govuk-heading-l">{{ page.title }}</h1>
<form method="post" novalidate>{{ f.fields(form) }}{{ f.button("Send the reason") }}</form>
{% endblock %}""",
}
AS_OF = datetime(2020, 6, 13, 6, 2, 11, tzinfo=UTC)
HELP = w.Help(
    "Results for Fernleigh, as laboratories sent them.",
    (
        ("Day of swab", "The day on which the sample was taken."),
        ("As known at", "Nothing that arrived later is counted."),
    ),
    "The public health team of Fernleigh.",
    w.Link("How to reach them", "/ask"),
)
KNOWN = w.Known(
    AS_OF,
    "/my-area?as_of=2020-06-13T06:02:11.000000Z",
    ("Newest swab Friday 12 June; 2 of 3 laboratories sent today.",),
    "results for 3 days are still arriving.",
    "/my-area",
    "/my-area",
)
SHELL = w.Shell(
    acting=w.Acting("Director of Public Health, Fernleigh", "/offices"),
    nav=(w.Link("My area", "/my-area", current=True), w.Link("Feeds", "/feeds"), w.Link("Who looked", "/who-looked")),
    account=(w.Link("Sign out", "/sign-out"),),
    waiting=w.Waiting(2, "/desk"),
    search="/search",
)
ARABIC = replace(SHELL, language="ar", direction="rtl", stripe=w.Stripe("exercise", "Spring", AS_OF))
SHELLS = {
    "": SHELL,
    "rtl": ARABIC,
    "replay": replace(SHELL, stripe=w.Stripe("replay", "Leicester, June 2020", AS_OF)),
    "out": w.Shell(),
}
DOWNLOADS = tuple(w.Link(name, f"/download.{name.lower()}") for name in ("CSV", "XLSX", "Parquet", "SVG"))
COMPUTED = w.Computed(
    ("People are counted once in 90 days.", "Divided by residents (mid-2019), times 100,000."),
    ("Feed A", "Feed B"),
    "Rules 1",
)


class ReasonForm(forms.Form):
    reason = forms.CharField(label="Why was this late?", widget=forms.Textarea, help_text="Two sentences are enough.")
    when = DayField(label="The day it was mended", help_text="For example, 12 6 2020")
    kind = forms.ChoiceField(
        label="What held it", choices=[("staff", "Too few people"), ("system", "A system")], widget=forms.RadioSelect
    )
    feed = forms.ChoiceField(label="Feed", choices=[("a", "Royal Infirmary"), ("b", "Lighthouse")])
    days = forms.IntegerField(label="How many days", min_value=0)
    told = forms.MultipleChoiceField(
        label="Who was told", choices=[("dph", "Director"), ("lab", "Laboratory")], widget=forms.CheckboxSelectMultiple
    )
    agree = forms.BooleanField(label="This may be published")
    secret = forms.CharField(label="Password", widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}))
    file = forms.FileField(label="A file that shows it", required=False)


def wrong_form() -> ReasonForm:
    data = {"reason": "", "when-day": "31", "when-month": "6", "when-year": "2020", "feed": "b", "days": "x"}
    return ReasonForm(data)


def components() -> dict[str, Any]:
    table = samples.area_map().table
    links = tuple(f"/places/{row[-1]}" for row in table.rows)
    return {
        "page": w.Page("Fernleigh today", HELP, (w.Link("Home", "/"), w.Link("My area", "/my-area")), KNOWN),
        "lead": (
            "Since you last looked (yesterday 6:10pm): 61 more people tested positive, 12 of them in Spinney Hill Road.",
            "Two care homes are newly affected.",
        ),
        "shown": w.ShownTable(table, DOWNLOADS, links, "areas"),
        "pager": w.Pager("Areas 1 to 16 of 37", next="?page=2"),
        "empty": w.Empty("No feed sends for this area yet.", "Results appear here within a second of arriving."),
        "computed": COMPUTED,
    }


def picture_page() -> dict[str, Any]:
    shown = tuple(w.ShownPicture(picture, DOWNLOADS, COMPUTED) for picture in samples.all_pictures())
    spark = p.sparkline(tuple(float(samples.wave(at, 20)) for at in range(20)), "Seven-day rate over 20 days")
    return {"page": w.Page("Pictures of Fernleigh", HELP, known=KNOWN), "shown": shown, "spark": spark}


def form_page(wrong: bool) -> dict[str, Any]:
    return {"page": w.Page("Why was this late?", HELP), "form": wrong_form() if wrong else ReasonForm()}


class Gallery:
    """The WSGI application. ``/components?shell=rtl`` and so on; ``/live`` is an event stream for the components page."""

    def __init__(self) -> None:
        folders = sorted(str(folder) for folder in APPS.glob("*/templates"))
        self.jinja: Environment = jinja.environment(
            loader=ChoiceLoader([DictLoader(TEMPLATES), FileSystemLoader(folders)])
        )
        self.asked: list[str] = []
        self.readings = 0
        self.pages: dict[str, Callable[[], tuple[str, dict[str, Any]]]] = {
            "/components": lambda: ("components", components()),
            "/live-page": lambda: (
                "components",
                {**components(), "page": replace(components()["page"], live="/live?since=0")},
            ),
            "/pictures": lambda: ("pictures", picture_page()),
            "/form": lambda: ("form", form_page(wrong=False)),
            "/form-wrong": lambda: ("form", form_page(wrong=True)),
            "/problem": lambda: ("commonweal/problem.html", problem()),
        }
        for name, (template, fill) in sample_pages.PAGES.items():
            self.pages[f"/{name}"] = lambda template=template, fill=fill: (template, fill())  # type: ignore[misc]

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        headers = [("Content-Security-Policy", look.policy_header())]
        if path.startswith("/static/"):
            file = look.STATIC_FOLDER / path.removeprefix("/static/")
            start("200 OK", [("Content-Type", mimetypes.guess_type(file.name)[0] or "text/plain")])
            return [file.read_bytes()]
        if path.endswith("/live"):
            self.asked.append(environ.get("QUERY_STRING", ""))
            start("200 OK", [*headers, ("Content-Type", "text/event-stream")])
            return self.stream(len(self.asked))
        if path == "/curve.svg" or (path.startswith("/signals/1/") and path.endswith(".svg")):
            start("200 OK", [*headers, ("Content-Type", "image/svg+xml")])
            return [samples.curve().file.encode()]
        if path not in self.pages:
            start("404 Not Found", [*headers, ("Content-Type", "text/plain")])
            return [b"not in the gallery"]
        template, context = self.pages[path]()
        self.readings += 1
        shell = SHELLS[environ.get("QUERY_STRING", "").removeprefix("shell=")]
        start("200 OK", [*headers, ("Content-Type", "text/html; charset=utf-8")])
        return [
            self.jinja.get_template(template)
            .render(**context, shell=shell, reading=self.readings, csrf_input="")
            .encode()
        ]

    def stream(self, connection: int) -> Iterable[bytes]:
        """The first connection sends counts twice and breaks off; the second sends more and then ends the stream."""
        for step in range(2 if connection == 1 else 1):
            counts = {"as_of": "x", "since": "x", "new": {"case": 1, "negative": 500 * (step + 1)}, "places": 2}
            yield f"id: {connection}-{step}\nevent: counts\ndata: {json.dumps(counts)}\n\n".encode()
            time.sleep(0.3)
        if connection > 1:
            yield f"event: closed\ndata: {json.dumps({'reason': 'You no longer hold this office.'})}\n\n".encode()
            time.sleep(0.2)


def problem() -> dict[str, Any]:
    sentences = ('You do not hold the office "Director of Public Health" today.', "Ask the person who appoints to it.")
    return {
        "page": w.Page("You cannot open this page", errors.HELP),
        "problem": w.Problem(403, "You cannot open this page", sentences, reference="4f2a91bc"),
    }
