"""Every address of the site."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from commonweal.site.api import api

urlpatterns: list[URLPattern | URLResolver] = [path("api/v1/", api.urls)]
