"""From which instant on a sweep looked at all that changed."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("surveillance", "0041_newest")]
    operations = [run_sql_file(__file__, "0042_changed_since.sql")]
