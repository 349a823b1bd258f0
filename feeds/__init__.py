"""Feeds: a folder of Markdown articles in, RSS, Atom and JSON feeds for every topic out."""

__version__ = "0.1.0"
