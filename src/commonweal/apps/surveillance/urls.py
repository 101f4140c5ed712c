"""Addresses of surveillance's pages. The converter of a download's ending is intake's."""

from django.urls import path

from commonweal.apps.surveillance.views import place

app_name = "surveillance"
urlpatterns = [
    path("places/<str:code>", place.page, name="place"),
    path("places/<str:code>/<slug:what>.<form:form>", place.download, name="place_file"),
]
