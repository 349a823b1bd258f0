"""HTML as a tree of lxml's elements, which the steps over a body change in place."""

import re

import lxml.etree as etree
from lxml.html import HtmlElement

VOID_TAGS = frozenset("br col embed hr img input param source track wbr".split())
#: In place of its tag: an element to remove, and one of which only the content stays. lxml's own
#: methods for one element take quadratic time for many.
GONE, UNWRAPPED = "gone", "unwrapped"

# libxml2's HTML parser is not HTML5's: it moves the block out of <b><p>x</p></b>, say. So nh3
# parses, and its output is read as XML.
_PARSER = etree.XMLParser(resolve_entities=False, huge_tree=True)
_PARSER.set_element_class_lookup(etree.ElementDefaultClassLookup(element=HtmlElement))
# HTML's parser knows them in svg and math.
_PREFIXES = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
# Start tags that XML reads otherwise than HTML. What an iframe holds is not markup.
_START_TAG = re.compile(
    rf"<(?:(iframe)|({'|'.join(VOID_TAGS)})|([a-z][a-z0-9-]*)(?=\s))"
    r'((?:\s[a-zA-Z-]+="[^"]*")*)(?: /)?>(?(1).*?</iframe>)',
    re.DOTALL,
)


def parse(markup: str) -> HtmlElement:
    """Parse what nh3 or cmark wrote into the children of a root without meaning."""
    xml = _START_TAG.sub(_to_xml, markup).replace("&nbsp;", "\xa0")
    return etree.fromstring(f"<body {_PREFIXES}>{xml}</body>", _PARSER)


def to_html(root: HtmlElement) -> str:
    """Write the children of the root as nh3 does."""
    for element in root.iter():
        if element.text is None and element.tag not in VOID_TAGS:
            element.text = ""  # <b></b> instead of <b/>
    xml: str = etree.tostring(root, encoding="unicode")
    xml = xml.partition(">")[2].removesuffix("</body>").replace("/>", ">")
    return xml.replace("\xa0", "&nbsp;").replace("&#10;", "\n").replace("&#9;", "\t")


def classes(element: HtmlElement) -> list[str]:
    """The names in an element's class attribute."""
    names: str = element.get("class", "")
    return names.split()


def settle(root: HtmlElement) -> None:
    """Remove all elements that are GONE, and the tags of those that are UNWRAPPED."""
    if next(root.iter(GONE, UNWRAPPED), None) is None:
        return
    for element in list(root.iter()):
        if element.tag not in (GONE, UNWRAPPED):
            settle_children(element)


def settle_children(parent: HtmlElement) -> None:
    """Remove the children that are GONE, and the tags of those that are UNWRAPPED."""
    if not any(child.tag in (GONE, UNWRAPPED) for child in parent):
        return
    children: list[HtmlElement] = []
    texts = [[parent.text or ""]]
    waiting: list[HtmlElement | str] = [*reversed(parent)]
    while waiting:
        child = waiting.pop()
        if isinstance(child, str):
            texts[-1].append(child)
        elif child.tag == UNWRAPPED:
            texts[-1].append(child.text or "")
            waiting += (child.tail or "", *reversed(child))
        elif child.tag == GONE:
            texts[-1].append(child.tail or "")
        else:
            children.append(child)
            texts.append([child.tail or ""])
    parent[:] = children
    parent.text = "".join(texts[0])
    for element, tail in zip(children, texts[1:], strict=True):
        element.tail = "".join(tail)


def _to_xml(start_tag: re.Match[str]) -> str:
    frame, void, tag, attributes = start_tag.groups()
    # XML reads a bare line break in a value as a space.
    attributes = attributes.replace("<", "&lt;").replace("\n", "&#10;").replace("\t", "&#9;")
    return f"<{tag}{attributes}>" if tag else f"<{frame or void}{attributes}/>"
