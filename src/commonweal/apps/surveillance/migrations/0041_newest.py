"""The newest change of every signal, in a narrow table; which signals are said to be one."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("surveillance", "0040_readers")]
    operations = [run_sql_file(__file__, "0041_newest.sql")]
