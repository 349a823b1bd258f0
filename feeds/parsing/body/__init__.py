"""Markdown and HTML bodies to sanitised HTML."""
