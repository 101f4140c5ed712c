"""Minting a scope joins what agreements cover."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("access", "0003_people_and_retention"), ("places", "0001_places")]
    operations = [run_sql_file(__file__, "0004_mint.sql")]
