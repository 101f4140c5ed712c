"""`python -m commonweal` is the command line."""

from commonweal.cli import main

main()
