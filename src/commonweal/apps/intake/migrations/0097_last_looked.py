"""When somebody last looked, found backwards."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("intake", "0096_writing_tokens")]
    operations = [run_sql_file(__file__, "0097_last_looked.sql")]
