"""Runs the room's SQL 0005."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("places", "0001_places")]
    operations = [run_sql_file(__file__, "0005_postcodes_by_authority.sql")]
