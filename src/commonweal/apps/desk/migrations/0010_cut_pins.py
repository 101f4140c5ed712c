"""A pin that quotes words which a room has hidden is cut to its page."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("desk", "0009_missed")]
    operations = [run_sql_file(__file__, "0010_cut_pins.sql")]
