"""Fuzzers over everything that a stranger can write: articles, feeds.yaml, queries, headers.

`python -m tests.fuzz --help` shows how to run them. They are no tests: pytest does not collect
them, and they need nothing that the tests do not install.
"""
