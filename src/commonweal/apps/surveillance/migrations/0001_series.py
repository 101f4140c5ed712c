"""Indicator series as others publish them."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    initial = True
    dependencies = [("places", "0001_places"), ("intake", "0040_mending")]
    operations = [run_sql_file(__file__, "0001_series.sql")]
