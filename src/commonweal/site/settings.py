"""Django's settings: every value that differs between installations comes from the environment or COMMONWEAL_HOME."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from commonweal.server import keys, provider
from commonweal.server.home import Home
from commonweal.site.sign_in import *  # noqa: F403 - Django reads settings from one module
from commonweal.web import look

HOME = Home.current()
SPACE = provider.current_space()
PACKAGE = Path(__file__).resolve().parent.parent

SECRET_KEY = keys.current(HOME, "cookies").material.hex()
DEBUG = False
ALLOWED_HOSTS = os.environ.get("COMMONWEAL_HOSTS", "127.0.0.1,localhost,[::1]").split(",")
ROOT_URLCONF = "commonweal.site.urls"
ASGI_APPLICATION = "commonweal.site.asgi.application"

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-gb"
USE_I18N = True

GROUND_FLOOR = ["ledger", "places", "access", "desk"]
WALK = ["intake", "surveillance"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "procrastinate.contrib.django",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "commonweal.apps.access.signin",
    *[f"commonweal.apps.{room}" for room in (*GROUND_FLOOR, *WALK)],
]

# Aliases are role names without their prefix; each connects as its own role. Sign-in data lie in a schema of their own.
_ROLES = ("app", "authn", "ingest", "engine", "queue", "web", "migrate", "retention", "backup")
ON_REQUEST = 1 << 30  # uses of a statement before the driver prepares it unasked: what asks is prepared at once


def _database(alias: str, role: str, search_path: str) -> dict[str, Any]:
    where = provider.address(f"cw_{role}", SPACE, HOME)
    options: dict[str, Any] = {"options": f"-c search_path={search_path}"}
    if where.sslmode:
        options["sslmode"] = where.sslmode
    if not alias.startswith("migrate"):
        options["server_side_binding"] = True  # a handle never stands in a statement's text
        options["prepare_threshold"] = ON_REQUEST
    else:
        options["options"] += " -c role=cw_owner"
    return {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": where.host,
        "PORT": where.port,
        "NAME": where.database,
        "USER": where.user,
        "PASSWORD": where.password,
        "OPTIONS": options,
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
    }


DATABASES = {role: _database(role, role, "pg_catalog") for role in _ROLES}
DATABASES["authn"] = _database("authn", "authn", "authn")
DATABASES["queue"] = _database("queue", "queue", "queue")
DATABASES["migrate"] = _database("migrate", "migrate", "migrations")
DATABASES["migrate_authn"] = _database("migrate_authn", "migrate", "authn")
DATABASES["migrate_queue"] = _database("migrate_queue", "migrate", "queue")
DATABASES["default"] = {"ENGINE": "commonweal.site.nowhere"}
DATABASE_ROUTERS = ["commonweal.site.routers.Router"]
PROCRASTINATE_DATABASE_ALIAS = "queue"
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Deny by default: every page needs a sign-in, a second factor and an acting office unless it says otherwise.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "commonweal.apps.access.middleware.KeepSession",
    "commonweal.apps.access.middleware.SecondFactor",
    "commonweal.apps.access.middleware.ActingOffice",
    "commonweal.web.errors.SayErrors",
]

CONTENT_SECURITY_POLICY = look.CONTENT_SECURITY_POLICY
TEMPLATES: list[dict[str, Any]] = [
    look.jinja_engine([PACKAGE / "apps" / room / "templates" for room in (*GROUND_FLOOR, *WALK)]),
    {  # texts that libraries bring
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
FILE_UPLOAD_MAX_MEMORY_SIZE = 128 * 2**20  # a file of records is never spooled to a disk in clear
FIRST_PAGE = "desk:today"
STATIC_URL = "/static/"
STATICFILES_DIRS = [PACKAGE / "web" / "static"]
WHITENOISE_USE_FINDERS = True  # served from the package: nothing to collect
