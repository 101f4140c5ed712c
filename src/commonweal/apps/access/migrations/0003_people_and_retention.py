"""Runs the room's SQL 0003."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("access", "0002_scopes"), ("signin", "0002_sign_in")]
    operations = [run_sql_file(__file__, "0003_people_and_retention.sql")]
