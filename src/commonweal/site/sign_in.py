"""Settings of sign-in: who may, with what, how often, for how long. Why each is so: docs/adr/0010-sign-in.md."""

from __future__ import annotations

import os

from commonweal.server import provider

PUBLIC_ADDRESS = os.environ.get("COMMONWEAL_URL", "http://127.0.0.1:8000").rstrip("/")
_IS_LIVE = provider.current_space() == provider.LIVE

AUTH_USER_MODEL = "signin.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "desk:today"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
SHORTEST_PASSWORD = 12
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": SHORTEST_PASSWORD},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# A second factor can be switched off for an exercise or a demonstration, never for the live space.
SECOND_FACTOR_REQUIRED = _IS_LIVE or os.environ.get("COMMONWEAL_SECOND_FACTOR", "required") != "off"

SESSION_ENGINE = "commonweal.apps.access.signin.sessions"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_ADDRESS.startswith("https://")
_PREFIX = "__Host-" if SESSION_COOKIE_SECURE else ""
SESSION_COOKIE_NAME = f"{_PREFIX}commonweal"
CSRF_COOKIE_NAME = f"{_PREFIX}commonweal-form"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [PUBLIC_ADDRESS]
SECURE_REFERRER_POLICY = "same-origin"  # a one-time link is an address: no other site is told it
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CSRF_FAILURE_VIEW = "commonweal.web.errors.csrf_failure"

CACHES = {"default": {"BACKEND": "commonweal.apps.access.signin.attempts.AttemptsCache"}}

ACCOUNT_ADAPTER = "commonweal.apps.access.signin.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_LOGIN_TIMEOUT = 600
# Five wrong tries lock an account's sign-in for a quarter of an hour, thirty from one address lock the address.
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "30/15m/ip,5/15m/key"}

MFA_ADAPTER = "commonweal.apps.access.signin.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
