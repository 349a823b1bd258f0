"""OPML 2.0 (http://opml.org/spec2.opml): every feed of a site, for one import into a reader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import lxml.etree as etree

from feeds.formats import LIST_TYPE, RSS
from feeds.model.feed import FeedSummary

MEDIA_TYPE = LIST_TYPE

_GROUPS = {"feed": "Feeds", "topic": "Topics"}


def render_opml(title: str, listed: Iterable[FeedSummary]) -> bytes:
    """A subscription list: a folder for each group, and for each topic that has others below it."""
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = title
    body = etree.SubElement(root, "body")
    below: dict[str, list[FeedSummary]] = {}
    for each in listed:
        below.setdefault(each.parent or _GROUPS.get(each.kind, ""), []).append(each)
    for each in below.get("", ()):
        _add(body, each, below)
    for group in _GROUPS.values():
        if group in below:
            folder = etree.SubElement(body, "outline", text=group)
            for each in below[group]:
                _add(folder, each, below)
    document: bytes = etree.tostring(
        root, pretty_print=True, encoding="UTF-8", xml_declaration=True
    )
    return document


def _add(
    above: etree._Element, each: FeedSummary, below: Mapping[str, Sequence[FeedSummary]]
) -> None:
    # Many readers overlook what lies within a feed's own outline, so a folder holds it too.
    children = below.get(each.folder, ()) if each.folder else ()
    if children:
        above = etree.SubElement(above, "outline", text=each.name)
    outline = etree.SubElement(above, "outline", type="rss", text=each.title, title=each.title)
    if each.description:
        outline.set("description", each.description)
    outline.set("xmlUrl", each.url + RSS.file_name)
    outline.set("htmlUrl", each.url)
    for child in children:
        _add(above, child, below)
