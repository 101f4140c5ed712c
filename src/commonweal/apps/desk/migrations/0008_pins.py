"""Runs the room's SQL 0008."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("desk", "0007_postcodes_in_scope")]
    operations = [run_sql_file(__file__, "0008_pins.sql")]
