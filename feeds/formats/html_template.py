"""HTML made of templates. Every value is escaped, so no text becomes markup by mistake."""

from collections.abc import Iterable


class Html(str):
    """HTML, which a template takes as it is. Made of text that is trusted, and by fill()."""

    __slots__ = ()


NOTHING = Html()


def fill(template: str, /, **values: str) -> Html:
    """Return a template with a value for each {name}, escaped unless it is Html."""
    for name, value in values.items():
        if type(value) is not Html:
            values[name] = escape(value)
    return Html(template.format_map(values))


def escape(text: str) -> str:
    """Return text as HTML, for an element or between quotation marks of either kind."""
    return (
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        .replace('"', "&#34;").replace("'", "&#39;")
    )  # fmt: skip


def join(parts: Iterable[Html], separator: str = "") -> Html:
    """Return pieces of HTML as one."""
    return Html(separator.join(parts))
