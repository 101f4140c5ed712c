"""Runs the room's SQL 0009."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("desk", "0008_pins")]
    operations = [run_sql_file(__file__, "0009_missed.sql")]
