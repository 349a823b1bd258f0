"""Folders of articles in the form of other generators.

A dialect finds out from the generator's own configuration which files are articles and at which
URLs they are published, and translates their front matter into our own keys. To add one, write its
module (see Dialect) and add its class to DIALECTS.
"""

from feeds.dialects.astro import Astro
from feeds.dialects.configuration import Files
from feeds.dialects.dialect import Dialect
from feeds.dialects.docusaurus import Docusaurus
from feeds.dialects.eleventy import Eleventy
from feeds.dialects.gatsby import Gatsby
from feeds.dialects.hexo import Hexo
from feeds.dialects.hugo import Hugo
from feeds.dialects.jekyll import Jekyll
from feeds.dialects.mkdocs import MkDocs
from feeds.dialects.nikola import Nikola
from feeds.dialects.pelican import Pelican
from feeds.dialects.plain import Plain
from feeds.dialects.quartz import Obsidian, Quartz
from feeds.dialects.zola import Zola

#: In the order in which a folder is tried: the first that finds itself is taken.
DIALECTS: tuple[type[Dialect], ...] = (
    Zola,
    Hugo,
    Quartz,
    Gatsby,
    Docusaurus,
    Astro,
    Eleventy,
    # Jekyll has posts in folders of this name too.
    Hexo,
    Jekyll,
    Pelican,
    Nikola,
    MkDocs,
    # Any folder may be opened with Obsidian too.
    Obsidian,
    Plain,
)
#: Value of `dialect` in feeds.yaml for articles in our own form alone.
NONE = "none"


def find_dialect(files: Files, name: str = "", permalink: str = "") -> Dialect | None:
    """Return the dialect of a folder; with a name, that one or None if the folder is not its.

    The permalink is that of feeds.yaml.
    """
    if name == NONE:
        return None
    kinds = (kind for kind in DIALECTS if name in ("", kind.name))
    found = (kind.find(files, permalink) for kind in kinds)
    return next(filter(None, found), None)
