"""Reasons for delays: asked, due, answered."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("intake", "0010_pull")]
    operations = [run_sql_file(__file__, "0020_delay_reasons.sql")]
