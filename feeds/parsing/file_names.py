"""Tells by their names which files may be articles, without all that reads them."""

_HTML_ENDINGS = (".html", ".htm")
#: File name endings of articles.
ENDINGS = (".md", ".markdown", *_HTML_ENDINGS)


def is_html(path: str) -> bool:
    """Return True if the body of a file is HTML, False if it is Markdown."""
    return path.lower().endswith(_HTML_ENDINGS)
