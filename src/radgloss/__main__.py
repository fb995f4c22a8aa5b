"""`python -m radgloss` is the command line."""

from radgloss.cli import main

main()
