"""Reading a parameter document: text in, a mapping out, with a message that names the document when it is not one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from commonweal.core.errors import Refused


def read(text: str, source: str, *required: str) -> Mapping[str, Any]:
    """The mapping a YAML text holds. Raises `Refused` when it is no mapping or lacks one of `required`."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Refused(f"{source} is not readable as YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(document, Mapping):
        raise Refused(f"{source} must be a mapping of names to values, not {type(document).__name__}.")
    missing = [name for name in required if name not in document]
    if missing:
        raise Refused(f"{source} lacks {', '.join(missing)}; add them and run the command again.")
    return document


def refuse_unknown(source: str, what: str, given: list[str], known: Mapping[str, Any]) -> None:
    """Raise `Refused` when `given` names something that `known` does not hold."""
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise Refused(f"{source}: {what} {', '.join(unknown)} unknown; known are {', '.join(sorted(known))}.")
