"""Jekyll's folders of posts (https://jekyllrb.com/docs/, release 4.3)."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import quote

from feeds.dialects.configuration import Files, flag_of, folder_inside, list_of, mapping_of, text_of
from feeds.dialects.dialect import Dialect, SiteSettings, Translation, joined_address, words_of
from feeds.dialects.permalink import date_token, expand
from feeds.dialects.slugs import keep_letters
from feeds.parsing.yaml_text import YAMLMapping

_CONFIGURATION = ("_config.yml", "_config.yaml", "_config.toml")
_STYLES = {
    "": "/:categories/:year/:month/:day/:title:output_ext",
    "date": "/:categories/:year/:month/:day/:title:output_ext",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "ordinal": "/:categories/:year/:y_day/:title:output_ext",
    "weekdate": "/:categories/:year/W:week/:short_day/:title:output_ext",
    "none": "/:categories/:title:output_ext",
}
#: Folders of packages, some of which bring posts as examples.
_EXCLUDED = ("vendor/bundle", "vendor/cache", "vendor/gems", "vendor/ruby", "node_modules")
_NAME = re.compile(r"(\d{2,4}-\d{1,2}-\d{1,2})-([^/]*)(\.[^.]+)")
#: The characters that a slug of a title keeps beside letters and digits.
_PRETTY = "._~!$&'()+,;=@"


@dataclass(frozen=True)
class Jekyll(Dialect):
    """The posts of a folder with a `_config.yml`, in any of its folders named `_posts`."""

    name: ClassVar[str] = "jekyll"
    label: ClassVar[str] = "Jekyll"
    endings: ClassVar[tuple[str, ...]] = (".md", ".markdown", ".mkd", ".mkdn", ".mkdown", ".html",
                                          ".htm", ".txt")  # fmt: skip
    needs_front_matter: ClassVar[bool] = False
    tags: ClassVar[str] = "templates"

    #: The folder of the posts, with a slash at its end; empty for the whole folder.
    source: str = ""
    #: Prefixes of the paths that are left out.
    exclude: tuple[str, ...] = ()
    #: Front matter by the beginning of a post's path; the later wins.
    defaults: tuple[tuple[str, YAMLMapping], ...] = ()
    excerpt_separator: str = "\n\n"

    @classmethod
    def find(cls, files: Files, permalink: str = "") -> Jekyll | None:
        found = files.first(*_CONFIGURATION)
        values = files.values(found) if found else {}
        source = _source(files, values)
        if not _has_posts(files, source) or not (found or permalink or files.has("Gemfile")):
            return None
        of_posts = text_of(mapping_of(values, "collections", "posts"), "permalink")
        template = permalink or of_posts or text_of(values, "permalink")
        url, path = text_of(values, "url").rstrip("/"), text_of(values, "baseurl").strip("/")
        author = values.get("author")
        site = SiteSettings(
            title=text_of(values, "title", "name"),
            url=joined_address(url, path),
            description=text_of(values, "description"),
            language=text_of(values, "lang", "locale").replace("_", "-"),
            timezone=text_of(values, "timezone"),
            author=text_of(author, "name")
            if isinstance(author, dict)
            else text_of(values, "author"),
            future=flag_of(values, "future"),
            math=_has_math(values),
        )
        return cls(
            site,
            permalink=_STYLES.get(template, template),
            folders=(source.rstrip("/") or ".",),
            source=source,
            exclude=(*_EXCLUDED, *(str(each).strip("/") for each in list_of(values, "exclude"))),
            defaults=tuple(_defaults(values)),
            excerpt_separator=text_of(values, "excerpt_separator") or "\n\n",
        )

    def is_article(self, path: str) -> bool:
        if not path.startswith(self.source):
            return False
        path = path.removeprefix(self.source)
        *folders, name = path.split("/")
        drafts = "_drafts" in folders
        if not super().is_article(path) or not (drafts or "_posts" in folders):
            return False
        if any(
            each[0] in "._#~" and each not in ("_posts", "_drafts") for each in (*folders, name)
        ):
            return False
        if any(path == each or path.startswith(f"{each}/") for each in self.exclude):
            return False
        return drafts or bool(_NAME.fullmatch(name))

    def translate(self, article: Translation) -> None:
        path = article.path.removeprefix(self.source)
        *folders, name = path.split("/")
        dated = _NAME.fullmatch(name)
        day, slug, ending = dated.groups() if dated else ("", *_split_ending(name))
        defaults = self._defaults_of(path)
        categories = _categories(article, folders, defaults)
        article.fill(defaults)
        date = article.moment("date") or article.moment_of(day)
        with suppress(OverflowError):  # in the last hours of the calendar
            date = date.astimezone(self.zone) if date else None
        slug = re.sub(r"\.*$", "", slug)
        title = article.text("title") or " ".join(word.capitalize() for word in slug.split("-"))
        article.put("title", title, "title")
        article.put("publishedDateTime", date, "date")
        article.take("updatedDateTime", "last_modified_at", "updated", "modified_date")
        tags = article.words("tag", "") or article.words("tags")
        article.put("topics", dict.fromkeys((*categories, *tags)), "tags", "tag", "categories")
        article.take("provider", "author")
        article.take("excerpt", "excerpt", "description")
        if date:
            template = article.text("permalink") or self.permalink
            slug = article.text("slug") or slug
            post = _Post(slug, name, path, ending, date, tuple(categories))
            place = _clean(expand(_STYLES.get(template, template), post.token))
            url = article.publish_at(place, "permalink")
            # jekyll-feed has post.id, which is the URL without an ending.
            article.put("id", re.sub(r"(?:\.html|/)$", "", url))
        if image := article.text("image") or _image(article.written):
            article.show_picture(image, "image")
        if ending not in (".html", ".htm"):
            separator = article.text("excerpt_separator") or self.excerpt_separator
            article.summary = article.body.strip().partition(separator)[0]
            article.is_html = False

    def file_url(self, path: str) -> str:
        names = path.split("/")
        is_copied = not any(name[0] in "._#~" for name in names) and not path.startswith(
            self.exclude
        )
        return self.base + quote(path) if is_copied else ""

    def _defaults_of(self, path: str) -> YAMLMapping:
        found = YAMLMapping()
        for beginning, values in self.defaults:
            if path.startswith(beginning):
                found |= values
        return found


@dataclass(frozen=True)
class _Post:
    """The values of a permalink's tokens for one post."""

    slug: str
    name: str
    path: str
    ending: str
    date: datetime
    categories: tuple[str, ...]

    def token(self, name: str) -> str:
        found = self._value(name)
        # A token ends at an underscore that belongs to no name, as in :title_:day.
        return found if found is not None else (self._value(name.rstrip("_")) or "") + "_"

    def _value(self, name: str) -> str | None:
        match name:
            case "title":
                return keep_letters(self.slug, _PRETTY, lower=False)
            case "slug":
                return keep_letters(self.slug)
            case "name":
                return keep_letters(_split_ending(self.name)[0])
            case "categories":
                return "/".join(dict.fromkeys(each.lower() for each in self.categories))
            case "slugified_categories":
                return "/".join(dict.fromkeys(map(keep_letters, self.categories)))
            case "collection":
                return "posts"
            case "output_ext":
                return self.ending if self.ending == ".txt" else ".html"
            case "path":
                return _split_ending(self.path.replace("_posts", "", 1))[0].rstrip(".")
        return date_token(name, self.date)


def _source(files: Files, values: dict[str, Any]) -> str:
    """Return the folder that `source` and `collections_dir` name, with a slash at its end.

    Where a build makes the folder, such as .tmp/src, it is made of src.
    """
    *above, name = text_of(values, "source").strip("/").split("/")
    made_of = ("/".join((*above[at:], name)) for at in range(len(above) + 1))
    source = next(filter(files.list, map(folder_inside, made_of)), "")
    collections = folder_inside(text_of(values, "collections_dir"))
    return source + collections if files.list(source + collections) else source


def _has_posts(files: Files, source: str) -> bool:
    """Return True if a folder has posts, or one in it: Jekyll makes categories of such folders."""
    below = (each for each in files.list(source) if each.endswith("/"))
    # A folder with its own configuration is a site of its own.
    parts = (each for each in below if not files.first(*(each + name for name in _CONFIGURATION)))
    own = files.has(f"{source}_posts/") or files.has(f"{source}_drafts/")
    return own or any(files.has(f"{each}_posts/") for each in parts)


def _defaults(values: dict[str, Any]) -> list[tuple[str, YAMLMapping]]:
    """Return the front matter defaults of posts, the longest path last, then those of a type."""
    found = []
    for each in list_of(values, "defaults"):
        scope = mapping_of(each, "scope") if isinstance(each, dict) else {}
        given = mapping_of(each, "values") if isinstance(each, dict) else {}
        kind = text_of(scope, "type")
        if kind in ("", "post", "posts") and isinstance(given, YAMLMapping):
            found.append((text_of(scope, "path").lstrip("/"), bool(kind), given))
    found.sort(key=lambda each: (len(each[0]), each[1]))
    return [(path, given) for path, _has_type, given in found]


def _categories(article: Translation, folders: list[str], defaults: YAMLMapping) -> list[str]:
    """Return the categories of the folders, of the site's defaults and of the article."""
    above = folders[: folders.index("_posts")] if "_posts" in folders else []
    found = [
        *above,
        *words_of(defaults.get("categories")),
        *article.words("categories"),
        *article.words("category", ""),
    ]
    return list(dict.fromkeys(found))


def _split_ending(name: str) -> tuple[str, str]:
    stem, dot, ending = name.rpartition(".")
    return (stem, dot + ending) if stem else (name, "")


def _image(written: YAMLMapping) -> str:
    image = written.get("image")
    return text_of(image, "path", "url", "feature") if isinstance(image, dict) else ""


def _has_math(values: dict[str, Any]) -> bool | None:
    engine = text_of(mapping_of(values, "kramdown"), "math_engine")
    return True if engine and engine != "nil" else None


def _clean(path: str) -> str:
    """Return the path without what Jekyll takes out: empty names and steps up."""
    return re.sub("/+", "/", f"/{path}".replace("..", "/").replace("./", ""))
