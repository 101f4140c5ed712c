"""Indexes for what pages read of counts."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("intake", "0090_plain_group")]
    operations = [run_sql_file(__file__, "0095_page_reads.sql")]
