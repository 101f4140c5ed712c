"""Tokens for own systems, and records that left a scope."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("intake", "0003_absorb")]
    operations = [run_sql_file(__file__, "0010_pull.sql")]
