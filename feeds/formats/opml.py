"""OPML 2.0 (http://opml.org/spec2.opml): every feed of a site, for one import into a reader."""

from __future__ import annotations

from collections.abc import Iterable

import lxml.etree as etree

from feeds.feed import Listed
from feeds.formats import RSS

MEDIA_TYPE = "text/x-opml; charset=utf-8"

_GROUPS = {"feed": "Feeds", "topic": "Topics"}


def render_opml(title: str, listed: Iterable[Listed]) -> bytes:
    """A subscription list; readers make a folder of each group."""
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = title
    body = etree.SubElement(root, "body")
    groups: dict[str, etree._Element] = {}
    for each in listed:
        parent = body
        if group := _GROUPS.get(each.kind):
            if group not in groups:
                groups[group] = etree.SubElement(body, "outline", text=group)
            parent = groups[group]
        outline = etree.SubElement(parent, "outline", type="rss", text=each.title, title=each.title)
        if each.description:
            outline.set("description", each.description)
        outline.set("xmlUrl", each.url + RSS.file_name)
        outline.set("htmlUrl", each.url)
    document: bytes = etree.tostring(
        root, pretty_print=True, encoding="UTF-8", xml_declaration=True
    )
    return document
