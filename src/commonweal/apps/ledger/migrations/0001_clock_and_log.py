"""The space and its clock, ticks and freezes, the log."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """Runs the room's SQL as written."""

    initial = True
    dependencies = []
    operations = [run_sql_file(__file__, "0001_clock_and_log.sql")]
