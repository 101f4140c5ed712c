"""Groups of plain single records in one statement."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("intake", "0090_plain_cases")]
    operations = [run_sql_file(__file__, "0090_plain_group.sql")]
