"""Mending records that were not taken."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("intake", "0030_retention")]
    operations = [run_sql_file(__file__, "0040_mending.sql")]
