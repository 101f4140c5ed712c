"""Runs the part's SQL 0002, after every library's tables are there."""

from django.db import migrations

from commonweal.web.sql import run_sql_file


class Migration(migrations.Migration):
    """The SQL is the source; Django keeps the order."""

    dependencies = [
        ("signin", "0001_accounts_and_sessions"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]
    operations = [run_sql_file(__file__, "0002_sign_in.sql")]
