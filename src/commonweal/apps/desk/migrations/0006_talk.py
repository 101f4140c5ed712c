"""Runs the room's SQL 0006."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("desk", "0005_search")]
    operations = [run_sql_file(__file__, "0006_talk.sql")]
