"""Finding one person's records by an exact identifier."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("intake", "0071_latency")]
    operations = [run_sql_file(__file__, "0080_search.sql")]
