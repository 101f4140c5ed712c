"""Runs the room's SQL 0001."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    initial = True
    dependencies = [("ledger", "0001_clock_and_log")]
    operations = [run_sql_file(__file__, "0001_offices_and_agreements.sql")]
