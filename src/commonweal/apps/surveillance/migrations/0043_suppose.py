"""A hypothesis about a signal that is not there is refused in words."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("surveillance", "0042_changed_since")]
    operations = [run_sql_file(__file__, "0043_suppose.sql")]
