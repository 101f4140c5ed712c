"""Languages that people tell us things in: what they are called, and which way they are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from commonweal.core.errors import Refused

HERE = "en"  # the language of the pages themselves
DIRECTIONS = ("ltr", "rtl")


@dataclass(frozen=True)
class Language:
    """code: ISO 639, or 'other'. name: in English; own_name: in itself. direction: 'ltr' or 'rtl', of its script."""

    code: str
    name: str
    own_name: str
    direction: str

    @property
    def said(self) -> str:
        """'ગુજરાતી (Gujarati)': for whoever looks for it by either name."""
        return self.name if self.name == self.own_name else f"{self.own_name} ({self.name})"


OTHER = Language("other", "Another language", "Another language", "auto")


def languages_from(document: Mapping[str, Any]) -> tuple[Language, ...]:
    """Those of `parameters/pages/languages.yaml` in order, English first, and at the end any other one.

    Raises `Refused` for an entry that lacks something, stands twice, or has another direction than those there are.
    """
    found: list[Language] = []
    for entry in document.get("languages", ()):
        missing = [name for name in Language.__dataclass_fields__ if not entry.get(name)]
        if missing:
            raise Refused(f"parameters/pages/languages.yaml: {entry.get('code', '?')} lacks {', '.join(missing)}.")
        language = Language(*(str(entry[name]) for name in Language.__dataclass_fields__))
        if language.direction not in DIRECTIONS or language.code in {each.code for each in found}:
            raise Refused(
                f"parameters/pages/languages.yaml: {language.code} stands twice or is written {language.direction!r}; "
                f"once, and {' or '.join(DIRECTIONS)}."
            )
        found.append(language)
    if not found or found[0].code != HERE:
        raise Refused(f"parameters/pages/languages.yaml begins with {HERE}, the language of the pages.")
    return (*found, OTHER)


def language_of(code: str, known: tuple[Language, ...]) -> Language:
    """The language of a code. Raises `Refused` naming those there are."""
    found = next((each for each in known if each.code == code), None)
    if found is None:
        raise Refused(f"{code[:20]!r} is none of the languages asked for: {', '.join(each.code for each in known)}.")
    return found
