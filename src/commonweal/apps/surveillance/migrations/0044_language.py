"""In which language somebody told us."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("surveillance", "0043_suppose")]
    operations = [run_sql_file(__file__, "0044_language.sql")]
