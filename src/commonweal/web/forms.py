"""Django forms said with GOV.UK components: one small view of each field, and days as three boxes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.widgets import Input

from commonweal.core import wording

PARTS = ("day", "month", "year")
REQUIRED = {
    "radios": "Choose an answer to",
    "checkboxes": "Choose at least one answer to",
    "checkbox": "To go on, tick",
    "select": "Choose from",
    "file": "Choose a file for",
    "day": "Enter",
}


class DayWidget(forms.Widget):
    """Three text boxes: day, month, year. Its raw value is a tuple of three strings."""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> tuple[str, str, str]:
        day, month, year = (str(data.get(f"{name}-{part}", "")).strip() for part in PARTS)
        return day, month, year

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return not any(f"{name}-{part}" in data for part in PARTS)


class DayField(forms.Field):
    """A calendar day. Its messages name what was typed and what is expected."""

    widget = DayWidget

    def to_python(self, value: Any) -> date | None:
        if value is None or isinstance(value, date):
            return value
        typed = tuple(str(part).strip() for part in value)
        if not any(typed):
            return None
        missing = [part for part, text in zip(PARTS, typed, strict=True) if not text]
        if missing:
            raise ValidationError(f"{self.said()} must include a {wording.joined(missing)}, for example 12 6 2020.")
        try:
            day, month, year = (int(text) for text in typed)
            return date(year, month, day)
        except ValueError:
            raise ValidationError(
                f"There is no day {' '.join(typed)}: enter day, month and year as numbers, for example 12 6 2020."
            ) from None

    def said(self) -> str:
        return str(self.label or "The day")

    def prepare_value(self, value: Any) -> Any:
        return value


@dataclass(frozen=True)
class Sent:
    """A form that was sent and refused, so that its page shows it again with what was typed.

    form: which one of the page's; wrong: why; target: the identity of the field that the message leads to.
    """

    form: str = ""
    wrong: str = ""
    target: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)

    def of(self, form: str) -> Mapping[str, str]:
        """What was typed into a form; nothing for every other one."""
        return self.typed if form == self.form else {}

    def error(self, identity: str) -> str:
        """What was wrong with a field; nothing for every other one."""
        return self.wrong if identity == self.target else ""


NOTHING = Sent()


@dataclass(frozen=True)
class Choice:
    value: str
    text: str
    chosen: bool


@dataclass(frozen=True)
class FieldView:
    """One field as a template shows it. ``kind`` names the component; ``target`` is where an error message leads."""

    kind: str
    name: str
    identity: str
    label: str
    hint: str
    error: str
    value: str
    input_type: str
    autocomplete: str
    target: str
    choices: tuple[Choice, ...] = ()
    parts: tuple[str, str, str] = ("", "", "")
    numeric: bool = False
    accept: str = ""
    direction: str = ""


KINDS: tuple[tuple[type[forms.Widget], str], ...] = (
    (DayWidget, "day"),
    (forms.HiddenInput, "hidden"),
    (forms.PasswordInput, "password"),
    (forms.FileInput, "file"),
    (forms.CheckboxSelectMultiple, "checkboxes"),
    (forms.CheckboxInput, "checkbox"),
    (forms.RadioSelect, "radios"),
    (forms.Select, "select"),
    (forms.Textarea, "textarea"),
    (forms.TextInput, "input"),
    (Input, "input"),
)


def kind_of(widget: forms.Widget) -> str:
    """The component for a widget. Raises TypeError for one that no component shows, so that no field is lost."""
    for widget_type, kind in KINDS:
        if isinstance(widget, widget_type):
            return kind
    raise TypeError(f"No component shows {type(widget).__name__}; add it to KINDS in commonweal/web/forms.py.")


def field_views(form: forms.BaseForm) -> tuple[FieldView, ...]:
    """Every field of a form in order, hidden ones included."""
    return tuple(field_view(form[name]) for name in form.fields)


def field_view(bound: forms.BoundField) -> FieldView:
    widget = bound.field.widget
    kind = kind_of(widget)
    value = bound.value()
    identity = bound.id_for_label or bound.auto_id or bound.html_name
    if kind in ("radios", "checkboxes"):
        identity = str(bound.auto_id or bound.html_name)
    return FieldView(
        kind=kind,
        name=bound.html_name,
        identity=identity,
        label=str(bound.label),
        hint=str(bound.help_text or ""),
        error=" ".join(said_error(bound, kind, error) for error in bound.errors.as_data()),
        value="" if value is None or kind in ("password", "file", "day") else str(value),
        # Browsers hide what was typed into a number box when it is no number, and change it by the mouse wheel.
        input_type=(getattr(widget, "input_type", None) or "text").replace("number", "text"),
        autocomplete=str(widget.attrs.get("autocomplete", "")),
        target=f"{identity}-day" if kind == "day" else identity,
        choices=choices_of(bound, kind, value),
        parts=day_parts(value) if kind == "day" else ("", "", ""),
        numeric=isinstance(bound.field, forms.IntegerField) or widget.attrs.get("inputmode") == "numeric",
        accept=str(widget.attrs.get("accept", "")),
        direction=str(widget.attrs.get("dir", "")),
    )


def said_error(bound: forms.BoundField, kind: str, error: ValidationError) -> str:
    """The message of one error; Django's general sentences are replaced by ones that name the field."""
    families = reversed(type(bound.field).__mro__)
    defaults = {
        code: text for family in families for code, text in getattr(family, "default_error_messages", {}).items()
    }
    general = str(defaults.get(error.code or "", ""))
    text = " ".join(error.messages)
    if error.code == "required" and text == general:
        return f"{REQUIRED.get(kind, 'Fill in')} “{bound.label}”."
    if error.code == "invalid" and text == general and isinstance(bound.field, forms.IntegerField):
        return f"“{bound.label}” must be a whole number, like 12; “{bound.value()}” is none."
    return text


def choices_of(bound: forms.BoundField, kind: str, value: Any) -> tuple[Choice, ...]:
    if kind == "checkbox":
        return (Choice("on", str(bound.label), bool(value)),)
    if kind not in ("radios", "select", "checkboxes"):
        return ()
    chosen = {str(each) for each in (value if isinstance(value, list | tuple) else [value])}
    pairs = getattr(bound.field, "choices", ())
    return tuple(Choice(str(key), str(text), str(key) in chosen) for key, text in pairs)


def day_parts(value: Any) -> tuple[str, str, str]:
    if isinstance(value, date):
        return str(value.day), str(value.month), str(value.year)
    if isinstance(value, tuple | list) and len(value) == len(PARTS):
        day, month, year = (str(part) for part in value)
        return day, month, year
    return "", "", ""


def errors_of(form: forms.BaseForm) -> tuple[tuple[str, str], ...]:
    """(message, identity of the field it leads to) in the order of the fields; messages of the whole form first."""
    found = [(str(message), "") for message in form.non_field_errors()]
    views = field_views(form) if form.errors else ()
    return (*found, *((view.error, "" if view.kind == "hidden" else view.target) for view in views if view.error))


def option_items(view: FieldView) -> list[dict[str, Any]]:
    """Items for radios and checkboxes, as the macros take them."""
    return [{"value": choice.value, "text": choice.text, "checked": choice.chosen} for choice in view.choices]


def select_items(view: FieldView) -> list[dict[str, Any]]:
    """Items for a drop-down, as the macro takes them."""
    return [{"value": choice.value, "text": choice.text, "selected": choice.chosen} for choice in view.choices]
