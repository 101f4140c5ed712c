"""Erasure reaches every sealed copy, and again after a restore."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("intake", "0097_last_looked")]
    operations = [run_sql_file(__file__, "0098_erasing.sql")]
