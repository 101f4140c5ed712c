"""Addresses of access."""

from django.urls import path

from commonweal.apps.access import views

app_name = "access"
urlpatterns = [
    path("acting/", views.choose_office, name="acting"),
    path("agreements/", views.agreement_list, name="agreements"),
    path("agreements/<slug:agreement_id>/", views.agreement_page, name="agreement"),
    path("agreements/<slug:agreement_id>/accept/", views.accept_agreement, name="accept_agreement"),
    path("agreements/<slug:agreement_id>/end/", views.end_agreement, name="end_agreement"),
    path("who-looked/", views.who_looked, name="who_looked"),
    path("who-looked.<slug:form>", views.who_looked_file, name="who_looked_file"),
    path("account/", views.my_account, name="account"),
    path("account/sign-out-everywhere/", views.sign_out_everywhere_view, name="sign_out_everywhere"),
    path("invitation/<str:token>/", views.invitation, name="invitation"),
]
