"""The server application."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commonweal.site.settings")
django.setup(set_prefix=False)

from django.urls import get_resolver  # noqa: E402 - Django is set up first

from commonweal.apps.intake.singles import taken_at_once  # noqa: E402
from commonweal.web.threads import ThreadedHandler  # noqa: E402

application = ThreadedHandler(at_once=taken_at_once)
get_resolver().url_patterns  # noqa: B018 - imports every view now, not when the first visitor waits
