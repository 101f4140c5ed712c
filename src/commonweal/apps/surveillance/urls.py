"""Addresses of surveillance's pages. The converter of a download's ending is intake's."""

from django.urls import path

from commonweal.apps.surveillance.views import place, signal, signals, sweeps

app_name = "surveillance"
urlpatterns = [
    path("sweeps", sweeps.page, name="sweeps"),
    path("sweeps/<int:number>", sweeps.one, name="sweep"),
    path("sweeps/<int:number>/<slug:what>.<form:form>", sweeps.one_file, name="sweep_file"),
    path("sweeps/<slug:what>.<form:form>", sweeps.download, name="sweeps_file"),
    path("signals", signals.page, name="signals"),
    path("signals/<int:number>", signal.page, name="signal"),
    path("signals/<int:number>/<slug:what>.<form:form>", signal.download, name="signal_file"),
    path("signals/<slug:what>.<form:form>", signals.download, name="signals_file"),
    path("places/<str:code>", place.page, name="place"),
    path("places/<str:code>/<slug:what>.<form:form>", place.download, name="place_file"),
]
