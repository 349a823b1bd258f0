"""HTML made of templates. All text is escaped in it, so none becomes markup by mistake."""

from collections.abc import Iterable


class Html(str):
    """Text that is HTML, which a template takes as it is."""

    __slots__ = ()


NOTHING = Html()


def fill(template: str, /, **values: str) -> Html:
    """Return a template with a value for each {name}, escaped unless it is Html.

    The template is a constant: text has its place among the values.
    """
    for name, value in values.items():
        if type(value) is not Html:
            values[name] = _escape(value)
    return Html(template.format_map(values))  # noqa: S704  # all of it is escaped


def join(parts: Iterable[Html], separator: str = "") -> Html:
    """Return pieces of HTML as one."""
    return Html(separator.join(parts))  # noqa: S704  # of HTML


def _escape(text: str) -> str:
    """Escape text for an element, or for an attribute in quotation marks of either kind."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&#34;").replace("'", "&#39;")
