"""Folders of articles in the form of other generators.

A dialect finds out from the generator's own configuration which files are articles and at which
URLs they are published, and translates their front matter into our own keys. To add one, write its
module (see Dialect) and add it to DIALECTS.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    # Imported late, as all of a dialect: the folders of most sites are of our own form.
    from feeds.dialects.configuration import Files
    from feeds.dialects.dialect import Dialect


class Kind(NamedTuple):
    """The place of a dialect, and the files without which a folder is not its."""

    #: In `dialect:` of feeds.yaml.
    name: str
    module: str
    dialect: str
    #: Beginnings of names in the folder's root, one of which is there; folders end with a slash.
    markers: tuple[str, ...]

    def load(self) -> type[Dialect]:
        """Import the dialect."""
        module = import_module(f"{__name__}.{self.module}")
        found: type[Dialect] = getattr(module, self.dialect)
        return found


#: In the order in which a folder is tried: the first that finds itself is taken.
DIALECTS = (
    Kind("zola", "zola", "Zola", ("zola.toml", "config.toml")),
    Kind("hugo", "hugo", "Hugo", ("hugo.", "config.", "config/")),
    Kind("quartz", "quartz", "Quartz", ("quartz.config.", "quartz/")),
    Kind("gatsby", "gatsby", "Gatsby", ("gatsby-config.",)),
    Kind("docusaurus", "docusaurus", "Docusaurus", ("docusaurus.config.",)),
    Kind("astro", "astro", "Astro", ("astro.config.",)),
    Kind("eleventy", "eleventy", "Eleventy", (".eleventy.js", "eleventy.config.", "package.json")),
    # Jekyll has posts in folders of this name too.
    Kind("hexo", "hexo", "Hexo", ("_config.",)),
    Kind("jekyll", "jekyll", "Jekyll", ("_config.", "Gemfile")),
    Kind("pelican", "pelican", "Pelican", ("pelicanconf.py", "publishconf.py", "pelican.conf.py")),
    Kind("nikola", "nikola", "Nikola", ("conf.py",)),
    Kind("mkdocs", "mkdocs", "MkDocs", ("mkdocs.",)),
    # Any folder may be opened with Obsidian too.
    Kind("obsidian", "quartz", "Obsidian", ("quartz.config.", ".obsidian/")),
    Kind("plain", "plain", "Plain", ()),
)
#: Value of `dialect` in feeds.yaml for articles in our own form alone.
NONE = "none"


def find_dialect(files: Files, name: str = "", permalink: str = "") -> Dialect | None:
    """Return the dialect of a folder; with a name, that one or None if the folder is not its.

    The permalink is that of feeds.yaml: with it, dialects may do without a configuration.
    """
    if name == NONE:
        return None
    names = files.list("")
    for kind in DIALECTS:
        may_be = permalink or any(each.startswith(kind.markers) for each in names)
        if (
            name in ("", kind.name)
            and may_be
            and (found := kind.load().find(files, permalink)) is not None
        ):
            return found
    return None
