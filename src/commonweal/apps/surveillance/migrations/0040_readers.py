"""Who reads a signal, in a narrow table."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("surveillance", "0030_carried")]
    operations = [run_sql_file(__file__, "0040_readers.sql")]
