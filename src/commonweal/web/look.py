"""Settings of the look: template engine, content security policy, static files. The site's settings take them in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

NONE, SELF = "'none'", "'self'"

# The strictest policy that the pages need: no inline script or style anywhere, nothing from elsewhere.
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

STATIC_FOLDER = Path(__file__).resolve().parent / "static"


def policy_header() -> str:
    """The policy as one header, for servers that do not run Django's middleware."""
    return "; ".join(f"{name} {' '.join(values)}" for name, values in CONTENT_SECURITY_POLICY["DIRECTIVES"].items())


def jinja_engine(folders: list[Path]) -> dict[str, Any]:
    """The entry for TEMPLATES; ``folders`` are the rooms' template folders. It comes before any other engine."""
    return {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "NAME": "pages",
        "DIRS": [str(folder) for folder in folders],
        "APP_DIRS": False,
        "OPTIONS": {
            "environment": "commonweal.web.jinja.environment",
            "context_processors": ["commonweal.web.shell.around"],
        },
    }
