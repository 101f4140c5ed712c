"""Addresses of the desk's pages."""

from django.urls import path

from commonweal.apps.desk.views import today

app_name = "desk"
urlpatterns = [
    path("today", today.page, name="today"),
    path("today/live", today.live, name="today_live"),
    path("told/<uuid:notice_id>/<slug:office>", today.notice, name="told"),
    path("told/<uuid:notice_id>/<slug:office>/acknowledge", today.acknowledge, name="acknowledge"),
]
