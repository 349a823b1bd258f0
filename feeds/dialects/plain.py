"""Articles of a generator that is not known: `permalink` of feeds.yaml gives their URLs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from feeds.dialects.configuration import Files
from feeds.dialects.dialect import Dialect, SiteSettings, Translation, first_heading
from feeds.dialects.permalink import date_token, expand
from feeds.text.slugs import slugify

_NAME = re.compile(r"(?:(\d{4}-\d{1,2}-\d{1,2})[-_ ]?)?(.*?)\.[^.]+")
_DATES = ("date", "pubDate", "publishDate", "publishedAt", "published", "created")
_UPDATES = ("updatedDate", "updated", "lastmod", "modified", "last_modified_at")


@dataclass(frozen=True)
class Plain(Dialect):
    """Markdown with the keys that most generators share."""

    name: ClassVar[str] = "plain"
    label: ClassVar[str] = "Plain Markdown"
    endings: ClassVar[tuple[str, ...]] = (".md", ".markdown", ".mdx", ".html", ".htm")

    @classmethod
    def find(cls, _files: Files, permalink: str = "") -> Plain | None:
        return cls(SiteSettings(), permalink=permalink) if permalink else None

    def translate(self, article: Translation) -> None:
        folder, _, name = article.path.rpartition("/")
        dated = _NAME.fullmatch(name)
        day, stem = dated.groups(default="") if dated else ("", name)
        if stem in ("index", "") and folder:
            folder, _, name = folder.rpartition("/")
            dated = _NAME.fullmatch(f"{name}.")
            day, stem = dated.groups(default="") if dated else ("", name)
        title = article.text("title") or first_heading(article.body)
        article.put("title", title or stem.replace("-", " ").capitalize(), "title")
        date = article.moment(*_DATES) or article.moment_of(day)
        article.put("publishedDateTime", date, *_DATES)
        article.take("updatedDateTime", *_UPDATES)
        categories, tags = article.words("categories", ","), article.words("tags", ",")
        article.put("topics", dict.fromkeys((*categories, *tags)), "tags", "categories")
        article.take("excerpt", "excerpt", "description", "summary")
        article.take("provider", "author")
        if not date:
            return
        slug = article.text("slug") or stem
        values = {"slug": slug, "title": slugify(title or stem), "name": stem, "filename": stem,
                  "path": f"{folder}/{stem}", "folder": folder,
                  "category": slugify(categories[0]) if categories else ""}  # fmt: skip

        def value(token: str) -> str | None:
            found = values.get(token)
            return date_token(token, date.astimezone(self.zone)) if found is None else found

        template = article.text("permalink") or self.permalink
        path = expand(template, value)
        article.publish_at(re.sub("/+", "/", path), "permalink")
