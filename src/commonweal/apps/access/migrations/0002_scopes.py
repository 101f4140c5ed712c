"""Runs the room's SQL 0002."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("access", "0001_offices_and_agreements")]
    operations = [run_sql_file(__file__, "0002_scopes.sql")]
