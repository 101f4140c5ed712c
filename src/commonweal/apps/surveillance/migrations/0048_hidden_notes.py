"""The words of a note are hidden, with a reason that everybody reads."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("surveillance", "0047_sources"), ("desk", "0010_cut_pins")]
    operations = [run_sql_file(__file__, "0048_hidden_notes.sql")]
