"""Counts and their snapshots."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    initial = True
    dependencies = [("access", "0002_scopes")]
    operations = [run_sql_file(__file__, "0001_counts.sql")]
