"""Models can be imported only once Django is set up."""

from __future__ import annotations

import django
from django.apps import apps

if not apps.ready:
    django.setup()
