"""Feeds, submissions, outcomes, results, persons and cases."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("intake", "0001_counts")]
    operations = [run_sql_file(__file__, "0002_records.sql")]
