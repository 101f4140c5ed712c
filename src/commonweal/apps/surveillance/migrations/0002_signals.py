"""Sweeps, findings, and signals with their lives."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("surveillance", "0001_series"), ("access", "0003_people_and_retention")]
    operations = [run_sql_file(__file__, "0002_signals.sql")]
