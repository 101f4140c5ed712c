"""Addresses of sign-in: allauth's pages that are used here, and no others (no sign-up, no mail)."""

from allauth.account import views as account
from allauth.mfa.base import views as second_factor
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from django.db.transaction import atomic
from django.urls import path

from commonweal.apps.access.signin import passwords

# allauth opens its transactions on no particular database; these make them whole where its rows are.
together = atomic(using="authn")

urlpatterns = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/change/", passwords.change, name="account_change_password"),
    path("second-factor/", second_factor.index, name="mfa_index"),
    path("second-factor/authenticate/", together(second_factor.authenticate), name="mfa_authenticate"),
    path("second-factor/reauthenticate/", together(second_factor.reauthenticate), name="mfa_reauthenticate"),
    path("second-factor/app/activate/", together(totp.activate_totp), name="mfa_activate_totp"),
    path("second-factor/app/deactivate/", together(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("second-factor/codes/", recovery.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "second-factor/codes/generate/", together(recovery.generate_recovery_codes), name="mfa_generate_recovery_codes"
    ),
    path("second-factor/codes/download/", recovery.download_recovery_codes, name="mfa_download_recovery_codes"),
]
