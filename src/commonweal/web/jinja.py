"""The Jinja environment of all pages: GOV.UK macros, our templates, filters that say dates and numbers one way."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from typing import Any

from django.templatetags.static import static
from django.urls import reverse
from jinja2 import (
    BaseLoader,
    ChainableUndefined,
    ChoiceLoader,
    Environment,
    FileSystemBytecodeCache,
    PackageLoader,
    PrefixLoader,
    UndefinedError,
)
from markupsafe import Markup

from commonweal.core import wording
from commonweal.core.pictures.table import say_cell
from commonweal.server.home import PRIVATE, Home
from commonweal.web import forms, times


class PageEnvironment(Environment):
    """An environment that is lenient towards the GOV.UK macros and strict towards our own values.

    The macros read parameters that were not passed, so undefined names chain. A misspelt field of a frozen view-model
    would then vanish silently from a page; it is an error here.
    """

    def getattr(self, obj: Any, attribute: str) -> Any:
        try:
            return getattr(obj, attribute)  # what a page asks for ten thousand times
        except AttributeError:
            pass
        if dataclasses.is_dataclass(obj):
            raise UndefinedError(f"{type(obj).__name__} has no field {attribute!r}; correct the template or the page.")
        return super().getattr(obj, attribute)


def environment(*, loader: BaseLoader | None = None, **options: Any) -> Environment:
    """The environment, as Django's Jinja2 backend asks for it; its loader (folders of rooms) comes first."""
    ours = (
        PackageLoader("commonweal.web"),
        PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
    )
    loaders = [each for each in (loader, *ours) if each is not None]
    options = {**options, "loader": ChoiceLoader(loaders), "undefined": ChainableUndefined}
    options |= {"bytecode_cache": compiled_templates(Home.current())}
    options |= {"autoescape": True, "trim_blocks": True, "lstrip_blocks": True}
    made = PageEnvironment(**options)
    made.globals.update(
        static=static,
        url=url,
        field_views=forms.field_views,
        form_errors=forms.errors_of,
        option_items=forms.option_items,
        select_items=forms.select_items,
    )
    made.filters.update(FILTERS)
    return made


def compiled_templates(home: Home) -> FileSystemBytecodeCache | None:
    """Where compiled templates are kept from one start to the next; nowhere while there is no installation."""
    folder = home.templates
    if not home.path.is_dir():
        return None
    try:
        folder.mkdir(mode=PRIVATE, exist_ok=True)
    except OSError:  # pages are then compiled when they are first opened
        return None
    return FileSystemBytecodeCache(str(folder)) if os.access(folder, os.W_OK) else None


def url(name: str, **parts: Any) -> str:
    """The address of a named page."""
    return reverse(name, kwargs=parts)


def trusted_svg(markup: str) -> Markup:
    """A picture made by ``core.pictures``, which escapes everything that it is given."""
    return Markup(markup)  # noqa: S704


def attributes(pairs: Mapping[str, str]) -> Markup:
    """HTML attributes from a mapping, escaped."""
    return Markup("").join(Markup(' {}="{}"').format(name, value) for name, value in pairs.items())


FILTERS = {
    "attributes": attributes,
    "cell": say_cell,
    "clock": times.clock,
    "day": wording.day,
    "day_and_year": wording.day_and_year,
    "exact": times.exact,
    "hours": wording.hours,
    "joined": wording.joined,
    "link_form": times.link_form,
    "moment": times.moment,
    "percentage": wording.percentage,
    "rate": wording.rate,
    "short_day": wording.short_day,
    "svg": trusted_svg,
    "thousands": wording.thousands,
    "upper_first": wording.upper_first,
}
