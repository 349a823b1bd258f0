"""reStructuredText as HTML, where docutils is installed: the extra `rest`."""

from feeds.parsing.yaml_text import YAMLTextError

#: A longer text is hardly an article, and would take docutils a minute.
_MAX_CHARS = 200_000
#: Docutils leaves a text with a longer line unread.
_MAX_LINE_CHARS = 10_000
_MAX_HTML_CHARS = 4_000_000


def rest_to_html(text: str, line: int = 1) -> str:
    """Return the HTML of a text that begins on a line of its file.

    Raises YAMLTextError if it cannot be read, or docutils is not installed.
    """
    if not text.strip():
        return ""
    try:
        from feeds.parsing.rest_writer import publish  # it takes long to import
    except ImportError as error:
        message, hint = "reStructuredText needs docutils", 'install it: pip install "feeds[rest]"'
        raise YAMLTextError(1, message, hint) from error
    if len(text) > _MAX_CHARS:
        message = f"the text is {len(text):,} characters long"
        raise YAMLTextError(line, message, f"at most {_MAX_CHARS:,} are allowed")
    for number, each in enumerate(text.split("\n"), line):
        if len(each) > _MAX_LINE_CHARS:
            message = f"the line is {len(each):,} characters long"
            raise YAMLTextError(number, message, f"at most {_MAX_LINE_CHARS:,} are allowed")
    try:
        html = publish(text)
    except Exception as error:  # it has many kinds of errors, and no bound on nested markup
        message = f"docutils cannot read the body: {type(error).__name__}"
        raise YAMLTextError(line, message, "simplify its markup") from error
    if len(html) > _MAX_HTML_CHARS:
        raise YAMLTextError(line, "the body is too long as HTML", "simplify its markup")
    return html
