"""Lets `python -m feeds` be the feeds command."""

from feeds.cli import main

main(prog_name="feeds")
