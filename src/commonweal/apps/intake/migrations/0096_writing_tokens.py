"""Tokens of an office's own systems read, and write only where they were given for it."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("intake", "0095_page_reads")]
    operations = [run_sql_file(__file__, "0096_writing_tokens.sql")]
