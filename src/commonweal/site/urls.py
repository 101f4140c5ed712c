"""Every address of the site."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, include, path

from commonweal.site.api import api, with_methods_in_words
from commonweal.site.demo import views as demo
from commonweal.web.home import home

programs = api.urls  # asked for once: each asking makes new views, which would not be the marked ones
for _address in programs[0]:  # every operation states its own way of telling who asks: a token, or an acting office
    if _address.callback is not None:
        _address.callback = login_not_required(with_methods_in_words(_address.callback))

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("api/v1/", programs),
    path("demo/<str:token>/<slug:who>", demo.enter, name="demo"),
    path("account/", include("commonweal.apps.access.signin.urls")),
    path("", include("commonweal.apps.access.urls")),
    path("", include("commonweal.apps.desk.urls")),
    path("", include("commonweal.apps.intake.urls")),
    path("", include("commonweal.apps.surveillance.urls")),
    path("", include("commonweal.apps.surveillance.why_urls")),
]

handler400 = "commonweal.web.errors.bad_request"
handler403 = "commonweal.web.errors.forbidden"
handler404 = "commonweal.web.errors.not_found"
handler429 = "commonweal.web.errors.too_many"
handler500 = "commonweal.web.errors.server_error"
