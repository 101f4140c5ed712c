"""A series of a place is answered by one named source."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("surveillance", "0044_language")]
    operations = [run_sql_file(__file__, "0047_sources.sql")]
