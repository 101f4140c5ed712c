"""GOV.UK Notify, where its client (`notifications-python-client`) is installed and COMMONWEAL_NOTIFY_KEY is set.

The template has one field for the text, `((text))`, and for e-mail one for the subject, `((subject))`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from commonweal.apps.desk.ways import SENT, Letter, Outcome, refuse_unless_live
from commonweal.core.errors import NotThere

INVALID = 400
ADDRESSES = ("phone_number ", "email_address ")  # how what Notify says of an address that it cannot use begins


class NotifyBackEnd:
    """Sends e-mail or SMS through a template of the service."""

    at_once = 1

    def __init__(self, way: str, template: str, kind_of_space: str, client: Any = None) -> None:
        refuse_unless_live(kind_of_space)
        self._way, self._template, self._client = way, template, client or _client()

    def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        return [self._one(letter) for letter in letters]

    def close(self) -> None:
        """The client keeps nothing open between letters."""

    def _one(self, letter: Letter) -> Outcome:
        common = {"template_id": self._template, "reference": letter.key}
        text = {"text": letter.message.text}
        try:
            if self._way == "sms":
                self._client.send_sms_notification(phone_number=letter.address, personalisation=text, **common)
            else:
                text["subject"] = letter.message.subject
                self._client.send_email_notification(email_address=letter.address, personalisation=text, **common)
        except Exception as error:
            # The client's own families of errors are known only where it is installed; all carry a status.
            status = getattr(error, "status_code", None)
            return Outcome(
                False, f"Notify answered {status or type(error).__name__}", bounced=_leads_nowhere(error, status)
            )
        return SENT


def _leads_nowhere(error: Exception, status: object) -> bool:
    """Whether it is the address that Notify refuses, and not the template or the key: that is nobody's number."""
    said = getattr(error, "message", None)
    return (
        status == INVALID
        and isinstance(said, list)
        and any(str(each.get("message", "")).startswith(ADDRESSES) for each in said if isinstance(each, dict))
    )


def _client() -> Any:
    try:
        from notifications_python_client.notifications import NotificationsAPIClient
    except ImportError as error:
        raise NotThere("GOV.UK Notify needs its client: pip install 'commonweal[notify]'") from error
    key = os.environ.get("COMMONWEAL_NOTIFY_KEY", "")
    if not key:
        raise NotThere("GOV.UK Notify needs its key: set COMMONWEAL_NOTIFY_KEY.")
    return NotificationsAPIClient(key)
