"""Accounts and sessions. The only models reached through Django's mapper: allauth works with them."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower


class UserManager(BaseUserManager["User"]):
    """Finds accounts by email address, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """Somebody's means to sign in. Who they are, and which offices they hold, is in `access.person`."""

    email: models.EmailField[str, str] = models.EmailField(unique=True)
    person_id: models.UUIDField[UUID, UUID] = models.UUIDField(unique=True)
    is_active: models.BooleanField[bool, bool] = models.BooleanField(default=True)
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["person_id"]

    class Meta:
        db_table = "account"
        db_table_comment = "operational: the means to sign in; the person is in access.person"
        constraints = [models.CheckConstraint(condition=models.Q(email=Lower("email")), name="email_in_lower_case")]


class Session(models.Model):
    """One signed-in browser. The key itself is in the browser's cookie only."""

    key_sha256: models.CharField[str, str] = models.CharField(max_length=64, primary_key=True)
    sealed: models.TextField[str, str] = models.TextField()
    user_id: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True, db_index=True)
    started_at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    expires_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "session"
        db_table_comment = "operational: signed-in browsers, by the hash of their key; contents are encrypted"
