"""OPML 2.0 (http://opml.org/spec2.opml): the list of a site's feeds, to import into a reader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import lxml.etree as etree

from feeds.formats import RSS
from feeds.model.feed import FeedSummary

_GROUPS = {"feed": "Feeds", "topic": "Topics"}


def render_opml(title: str, feeds: Iterable[FeedSummary]) -> bytes:
    """Return the subscription list, in folders by kind and by parent topic."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = title
    body = etree.SubElement(root, "body")
    children: dict[str, list[FeedSummary]] = {}
    for feed in feeds:
        children.setdefault(feed.parent or _GROUPS.get(feed.kind, ""), []).append(feed)
    for group in ("", *_GROUPS.values()):
        is_folder = group and group in children
        parent = etree.SubElement(body, "outline", text=group) if is_folder else body
        for feed in children.get(group, ()):
            _add(parent, feed, children)
    opml: bytes = etree.tostring(root, pretty_print=True, encoding="UTF-8", xml_declaration=True)
    return opml


def _add(
    parent: etree._Element, feed: FeedSummary, children: Mapping[str, Sequence[FeedSummary]]
) -> None:
    subtopics = children.get(feed.folder, ()) if feed.folder else ()
    if subtopics:
        # Many readers ignore outlines within a feed's own, so a folder holds all of them.
        parent = etree.SubElement(parent, "outline", text=feed.name)
    outline = etree.SubElement(parent, "outline", type="rss", text=feed.title, title=feed.title)
    if feed.description:
        outline.set("description", feed.description)
    outline.set("xmlUrl", feed.url + RSS.file_name)
    outline.set("htmlUrl", feed.url)
    for subtopic in subtopics:
        _add(parent, subtopic, children)
