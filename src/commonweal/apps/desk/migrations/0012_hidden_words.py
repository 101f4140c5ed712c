"""Words are hidden by one table and one rule for all rooms; those of talk give way too."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("desk", "0011_there")]
    operations = [run_sql_file(__file__, "0012_hidden_words.sql")]
