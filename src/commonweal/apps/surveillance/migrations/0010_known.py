"""What people know: notes, hypotheses, judgements."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("surveillance", "0002_signals"), ("desk", "0006_talk"), ("places", "0001_places")]
    operations = [run_sql_file(__file__, "0010_known.sql"), run_sql_file(__file__, "0010_judged.sql")]
