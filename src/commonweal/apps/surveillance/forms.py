"""The form by which anybody tells us."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms

from commonweal.core.errors import Refused
from commonweal.core.signals.languages import HERE, Language
from commonweal.core.signals.told import LONGEST, LONGEST_SETTING, TOLD_BY, cleaned, refuse_health_data
from commonweal.web.forms import DayField


class WordsField(forms.CharField):
    """Text as it is kept: its length is counted after line ends are one letter and signs that are none are gone."""

    def to_python(self, value: Any) -> str:
        """The text, cleaned."""
        return cleaned(super().to_python(value) or "")


class TellUs(forms.Form):
    """What somebody without a seat knows about a place. Asks for no name."""

    postcode = forms.CharField(
        label="A postcode of the place", max_length=12,
        help_text="Of the street, hall, school or works you mean. It is used to find the neighbourhood and not kept.",
    )  # fmt: skip
    words = WordsField(
        label="What do you know?", widget=forms.Textarea, max_length=LONGEST,
        help_text="About the place, not about single people. No names, dates of birth, NHS numbers or illnesses of "
        "anybody: such words are not taken, and you can mend them. You may write in any language and script.",
    )  # fmt: skip
    language = forms.ChoiceField(
        label="Which language do you write in?", required=False, help_text="So that somebody reads it who speaks it."
    )
    setting = WordsField(
        label="Name of the hall, school or works",
        required=False,
        max_length=LONGEST_SETTING,
        help_text="If it is about one.",
    )
    first = DayField(
        label="From which day?", required=False, help_text="For example 12 6 2020. Leave empty if you do not know."
    )
    last = DayField(label="Until which day?", required=False, help_text="Leave empty if it goes on.")
    told_by = forms.ChoiceField(label="Who are you?", choices=list(TOLD_BY.items()), widget=forms.RadioSelect)
    email = forms.EmailField(
        label="E-mail address for the answer", required=False,
        help_text="Only if you want one. It is kept locked away, used to tell you that there is an answer or that your "
        "words had to be hidden, and deleted with the answer. The reference works without it.",
    )  # fmt: skip

    def __init__(
        self, today: date, languages: Sequence[Language], data: Mapping[str, Any] | None = None, chosen: str = HERE
    ) -> None:
        """languages: to choose from; chosen: the one that is chosen at first."""
        super().__init__(data, initial={"language": chosen})
        self._today = today
        language = self.fields["language"]
        assert isinstance(language, forms.ChoiceField)
        language.choices = [(each.code, each.said) for each in languages]
        for name in ("words", "setting"):  # which way it runs is seen from the first letter that is typed
            self.fields[name].widget.attrs["dir"] = "auto"

    def clean_language(self) -> str:
        """A form sent without a choice is in the language of the page."""
        return str(self.cleaned_data["language"] or HERE)

    def clean_words(self) -> str:
        """The words, when they are about a place."""
        return self._about_places("words")

    def clean_setting(self) -> str:
        """The name of a hall or works, which is sometimes a person's."""
        return self._about_places("setting")

    def _about_places(self, field: str) -> str:
        words = str(self.cleaned_data[field])
        try:
            refuse_health_data(words, self._today)
        except Refused as refused:
            raise forms.ValidationError(str(refused)) from refused
        return words

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        first, last = found.get("first"), found.get("last")
        if first and last and first > last:
            self.add_error("last", "The last day is before the first one.")
        return found
