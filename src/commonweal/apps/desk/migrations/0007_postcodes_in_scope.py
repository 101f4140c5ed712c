"""Runs the room's SQL 0007."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("desk", "0006_talk"), ("places", "0005_postcodes_by_authority")]
    operations = [run_sql_file(__file__, "0007_postcodes_in_scope.sql")]
