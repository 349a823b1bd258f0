"""Lets `python -m feeds` be the feeds command."""

from feeds.cli import main

if __name__ == "__main__":
    main(prog_name="feeds")
