"""Facts on places, what is in force of them, and how postcodes are taken in."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    initial = True
    dependencies = [("ledger", "0001_clock_and_log")]
    operations = [
        run_sql_file(__file__, "0001_facts.sql"),
        run_sql_file(__file__, "0002_in_force.sql"),
        run_sql_file(__file__, "0003_postcodes.sql"),
        run_sql_file(__file__, "0004_settings.sql"),
    ]
