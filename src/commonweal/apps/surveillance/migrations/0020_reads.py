"""Indexes for the pages of places and signals."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("surveillance", "0012_explanations")]
    operations = [run_sql_file(__file__, "0020_reads.sql")]
