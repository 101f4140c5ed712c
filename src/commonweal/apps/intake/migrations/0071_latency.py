"""Seconds from commit to open page."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("intake", "0070_together")]
    operations = [run_sql_file(__file__, "0071_latency.sql")]
