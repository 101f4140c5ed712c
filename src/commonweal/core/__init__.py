"""The rules, free of Django, database, network, files, clock and global chance."""
