"""Retention of what intake keeps."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("intake", "0020_delay_reasons"), ("access", "0003_people_and_retention")]
    operations = [run_sql_file(__file__, "0030_retention.sql")]
