"""Words are hidden by the desk's one rule; a note's readers can be made fewer; seats of a ward read of their ward."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [("surveillance", "0048_hidden_notes"), ("desk", "0012_hidden_words")]
    operations = [run_sql_file(__file__, "0049_hidden_and_narrowed.sql")]
