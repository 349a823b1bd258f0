"""OPML 2.0 (http://opml.org/spec2.opml): the list of a site's feeds, to import into a reader."""

from collections.abc import Iterable, Mapping, Sequence

import lxml.etree as etree

from feeds.formats import RSS
from feeds.model.feed import ListedFeed

_GROUPS = {"feed": "Feeds", "topic": "Topics"}


def render_opml(title: str, feeds: Iterable[ListedFeed]) -> bytes:
    """Return the subscription list, in folders by kind and by parent topic."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = title
    body = etree.SubElement(root, "body")
    children: dict[str, list[ListedFeed]] = {}
    for listed in feeds:
        group = listed.channel.parent or _GROUPS.get(listed.channel.kind, "")
        children.setdefault(group, []).append(listed)
    for group in ("", *_GROUPS.values()):
        is_folder = group and group in children
        parent = etree.SubElement(body, "outline", text=group) if is_folder else body
        for listed in children.get(group, ()):
            _add(parent, listed, children)
    opml: bytes = etree.tostring(root, pretty_print=True, encoding="UTF-8", xml_declaration=True)
    return opml


def _add(
    parent: etree._Element, listed: ListedFeed, children: Mapping[str, Sequence[ListedFeed]]
) -> None:
    feed = listed.channel
    subtopics = children.get(feed.folder, ()) if feed.folder else ()
    if subtopics:
        # Many readers ignore outlines within a feed's own, so a folder holds all of them.
        parent = etree.SubElement(parent, "outline", text=feed.name)
    outline = etree.SubElement(parent, "outline", type="rss", text=feed.title, title=feed.title)
    if feed.description:
        outline.set("description", feed.description)
    outline.set("xmlUrl", listed.url + RSS.file_name)
    outline.set("htmlUrl", listed.url)
    for subtopic in subtopics:
        _add(parent, subtopic, children)
