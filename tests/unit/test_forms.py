"""Forms as people read them: each message names its field, days are read part by part, no field is lost."""

from __future__ import annotations

from datetime import date

import django
import pytest
from django import forms

from commonweal.web.forms import DayField, errors_of, field_views


@pytest.fixture(autouse=True, scope="module")
def _messages_are_loaded() -> None:
    django.setup()


class Report(forms.Form):
    reason = forms.CharField(label="Reason", help_text="Two sentences")
    mended = DayField(label="Day")
    kind = forms.ChoiceField(label="Cause", choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    count = forms.IntegerField(label="How many")
    token = forms.CharField(widget=forms.HiddenInput, initial="t")


def filled(**changes: str) -> Report:
    data = {"reason": "A van broke down.", "mended-day": "12", "mended-month": "6", "mended-year": "2020"}
    return Report({**data, "kind": "a", "count": "3", "token": "t", **changes})


def test_a_right_form_has_its_values() -> None:
    form = filled()
    assert form.is_valid(), form.errors
    assert form.cleaned_data["mended"] == date(2020, 6, 12)


def test_every_field_is_shown_once_and_in_order() -> None:
    views = field_views(filled())
    assert [(view.name, view.kind) for view in views] == [
        ("reason", "input"), ("mended", "day"), ("kind", "radios"), ("count", "input"), ("token", "hidden"),
    ]  # fmt: skip
    assert views[0].hint == "Two sentences"
    assert [choice.chosen for choice in views[2].choices] == [True, False]
    assert views[3].input_type == "text"
    assert views[1].parts == ("12", "6", "2020")


@pytest.mark.parametrize(
    ("changes", "message", "target"),
    [
        ({"reason": ""}, "Fill in “Reason”.", "id_reason"),
        ({"mended-day": "31"}, "There is no day 31 6 2020", "id_mended-day"),
        ({"mended-month": ""}, "Day must include a month", "id_mended-day"),
        ({"mended-day": "", "mended-month": "", "mended-year": ""}, "Enter “Day”.", "id_mended-day"),
        ({"mended-year": "２０２０x"}, "There is no day 12 6 ２０２０x", "id_mended-day"),
        ({"kind": ""}, "Choose an answer to “Cause”.", "id_kind"),
        ({"count": "x"}, "“How many” must be a whole number, like 12; “x” is none.", "id_count"),
    ],
)
def test_messages_name_their_field_and_lead_to_it(changes: dict[str, str], message: str, target: str) -> None:
    (found,) = errors_of(filled(**changes))
    assert found[0].startswith(message)
    assert found[1] == target


def test_what_was_typed_is_kept() -> None:
    views = {view.name: view for view in field_views(filled(count="x", **{"mended-day": "31"}))}
    assert views["count"].value == "x"
    assert views["mended"].parts == ("31", "6", "2020")


def test_a_widget_without_a_component_is_refused() -> None:
    class Odd(forms.Form):
        moment = forms.SplitDateTimeField()

    with pytest.raises(TypeError, match="No component shows SplitDateTimeWidget"):
        field_views(Odd())


def test_passwords_are_never_sent_back() -> None:
    class SignIn(forms.Form):
        secret = forms.CharField(widget=forms.PasswordInput(render_value=True))

    assert field_views(SignIn({"secret": "hunter2"}))[0].value == ""
