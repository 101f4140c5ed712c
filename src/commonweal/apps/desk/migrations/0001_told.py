"""Runs the room's SQL 0001."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    initial = True
    dependencies = [("access", "0003_people_and_retention"), ("places", "0001_places")]
    operations = [run_sql_file(__file__, "0001_told.sql"), run_sql_file(__file__, "0002_duty.sql")]
