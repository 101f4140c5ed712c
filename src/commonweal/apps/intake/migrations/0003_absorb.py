"""The steps that take a chunk in."""

from django.db import migrations

from commonweal.web.sql import run_sql_file

STEPS = ("0003_absorb.sql", "0004_link.sql", "0005_store.sql", "0006_cases.sql", "0007_plain.sql")


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("intake", "0002_records")]
    operations = [run_sql_file(__file__, name) for name in STEPS]
