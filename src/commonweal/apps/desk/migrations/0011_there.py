"""Whoever is down for a duty and is not there is a hole in the rota."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("desk", "0010_cut_pins")]
    operations = [run_sql_file(__file__, "0011_there.sql")]
