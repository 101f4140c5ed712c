"""Addresses of why a place is rising and of what people know. The converter of a download's ending is intake's."""

from django.urls import path

from commonweal.apps.surveillance.views import why

app_name = "why"
urlpatterns = [
    path("places/<str:code>/why", why.place, name="why"),
    path("places/<str:code>/why/<slug:what>.<form:form>", why.download, name="why_file"),
]
