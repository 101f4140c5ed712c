"""The families of errors that a user can meet. Each message names the value, the rule and the next step."""

from __future__ import annotations


class CommonwealError(Exception):
    """Anything that is the user's or the surroundings' doing, said in one or two sentences."""


class Refused(CommonwealError):
    """The input breaks a rule; nothing was changed."""


class NotThere(CommonwealError):
    """Something that is needed (a file, a server, a place) is not there."""


class NotAllowed(CommonwealError):
    """No office, agreement or purpose gives what was asked for."""
