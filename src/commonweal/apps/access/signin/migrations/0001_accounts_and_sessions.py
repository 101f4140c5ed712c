"""Accounts and sessions, as allauth and Django's session machinery need them."""

from django.db import migrations, models
from django.db.models.functions import Lower


class Migration(migrations.Migration):
    """Made from the part's models."""

    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Session",
            fields=[
                ("key_sha256", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("sealed", models.TextField()),
                ("user_id", models.BigIntegerField(db_index=True, null=True)),
                ("started_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(db_index=True)),
            ],
            options={
                "db_table": "session",
                "db_table_comment": "operational: signed-in browsers, by the hash of their key; contents are encrypted",
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("email", models.EmailField(max_length=254, unique=True)),
                ("person_id", models.UUIDField(unique=True)),
                ("is_active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "db_table": "account",
                "db_table_comment": "operational: the means to sign in; the person is in access.person",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(email=Lower("email")), name="email_in_lower_case")
                ],
            },
        ),
    ]
