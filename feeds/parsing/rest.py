"""reStructuredText as HTML, where docutils is installed: the extra `rest`."""

from importlib.util import find_spec

from feeds.parsing.yaml_text import YAMLTextError
from feeds.text.repair import shown

DOCUTILS_HINT = 'install it: pip install "feeds[rest]"'
#: A longer text is hardly an article, and would take docutils a minute.
_MAX_CHARS = 200_000
#: Docutils leaves a text with a longer line unread.
_MAX_LINE_CHARS = 10_000
_MAX_HTML_CHARS = 4_000_000


class RestError(YAMLTextError):
    """The body cannot be read."""

    code = "bad-body"


class NoDocutilsError(YAMLTextError):
    """The body could be read if docutils were installed."""

    code = "no-docutils"

    def __init__(self) -> None:
        super().__init__(1, "reStructuredText needs docutils", DOCUTILS_HINT)


def has_docutils() -> bool:
    """Return True if docutils is installed."""
    return find_spec("docutils") is not None


def rest_to_html(text: str, line: int = 1) -> str:
    """Return the HTML of a text that begins on a line of its file.

    Raises RestError, or NoDocutilsError.
    """
    if not text.strip():
        return ""
    try:
        from feeds.parsing.rest_writer import publish  # it takes long to import
    except ImportError as error:
        raise NoDocutilsError from error
    if len(text) > _MAX_CHARS:
        message = f"the text is {len(text):,} characters long"
        raise RestError(line, message, f"at most {_MAX_CHARS:,} are allowed")
    for number, each in enumerate(text.split("\n"), line):
        if len(each) > _MAX_LINE_CHARS:
            message = f"the line is {len(each):,} characters long"
            raise RestError(number, message, f"at most {_MAX_LINE_CHARS:,} are allowed")
    try:
        html = publish(text)
    except Exception as error:  # it has many kinds of errors, and no bound on nested markup
        message = f"docutils cannot read the body: {shown(str(error)) or type(error).__name__}"
        raise RestError(line, message, "simplify its markup") from error
    if len(html) > _MAX_HTML_CHARS:
        raise RestError(line, "the body is too long as HTML", "simplify its markup")
    return html
