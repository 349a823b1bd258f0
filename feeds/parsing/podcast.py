"""The key podcast of feeds.yaml, and the categories that directories know.

Apple's names and rules, as its guide to RSS for podcasters has them
(https://podcasters.apple.com/support/823-podcast-requirements): other directories follow them.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import replace

from feeds.model.podcast import ARTWORK_TYPES, Podcast
from feeds.parsing.fields import Fields
from feeds.text.media_types import type_of_url
from feeds.text.slugs import fold

#: The subcategories of each category (https://podcasters.apple.com/support/1691).
CATEGORIES = {
    "Arts": (
        "Books", "Design", "Fashion & Beauty", "Food", "Performing Arts", "Visual Arts",
    ),
    "Business": (
        "Careers", "Entrepreneurship", "Investing", "Management", "Marketing", "Non-Profit",
    ),
    "Comedy": ("Comedy Interviews", "Improv", "Stand-Up"),
    "Education": ("Courses", "How To", "Language Learning", "Self-Improvement"),
    "Fiction": ("Comedy Fiction", "Drama", "Science Fiction"),
    "Government": (),
    "Health & Fitness": (
        "Alternative Health", "Fitness", "Medicine", "Mental Health", "Nutrition", "Sexuality",
    ),
    "History": (),
    "Kids & Family": ("Education for Kids", "Parenting", "Pets & Animals", "Stories for Kids"),
    "Leisure": (
        "Animation & Manga", "Automotive", "Aviation", "Crafts", "Games", "Hobbies",
        "Home & Garden", "Video Games",
    ),
    "Music": ("Music Commentary", "Music History", "Music Interviews"),
    "News": (
        "Business News", "Daily News", "Entertainment News", "News Commentary", "Politics",
        "Sports News", "Tech News",
    ),
    "Religion & Spirituality": (
        "Buddhism", "Christianity", "Hinduism", "Islam", "Judaism", "Religion", "Spirituality",
    ),
    "Science": (
        "Astronomy", "Chemistry", "Earth Sciences", "Life Sciences", "Mathematics",
        "Natural Sciences", "Nature", "Physics", "Social Sciences",
    ),
    "Society & Culture": (
        "Documentary", "Personal Journals", "Philosophy", "Places & Travel", "Relationships",
    ),
    "Sports": (
        "Baseball", "Basketball", "Cricket", "Fantasy Sports", "Football", "Golf", "Hockey",
        "Rugby", "Running", "Soccer", "Swimming", "Tennis", "Volleyball", "Wilderness", "Wrestling",
    ),
    "Technology": (),
    "True Crime": (),
    "TV & Film": ("After Shows", "Film History", "Film Interviews", "Film Reviews", "TV Reviews"),
}  # fmt: skip
_PARENTS = {sub: parent for parent, subs in CATEGORIES.items() for sub in subs}
_KNOWN = {fold(name): name for name in (*CATEGORIES, *_PARENTS)}
_TYPES = ("episodic", "serial")
_KEYS = ("image", "category", "explicit", "author", "owner", "type", "copyright")


def read_podcast(found: Fields, site: Podcast | None = None) -> Podcast | None:
    """What the key podcast says: true, or a mapping, whose missing keys are as the site has them.

    Without a site, it is the site's own key: that marks the feed of everything where it is true.
    """
    said = found.mapping_or_flag("podcast")
    if not said:
        return None
    default = replace(site or Podcast(), everything=False, line=found.line_of("podcast"))
    if said is True:
        return replace(default, everything=site is None)
    said.reject_unknown_keys(_KEYS if site else (*_KEYS, "everything"))
    owner = said.mapping("owner", short="email")
    if owner:
        owner.reject_unknown_keys(("name", "email"))
    return replace(
        default,
        image=_image(said) or default.image,
        categories=tuple(dict.fromkeys(_categories(said))) or default.categories,
        explicit=said.flag("explicit", default.explicit),
        author=said.text("author") or default.author,
        owner_name=(owner.text("name") if owner else "") or default.owner_name,
        owner_email=(owner.email("email") if owner else "") or default.owner_email,
        type=said.choice("type", _TYPES) or default.type,
        copyright=said.text("copyright") or default.copyright,
        everything=site is None and said.flag("everything", default=False),
    )


def _image(said: Fields) -> str:
    image = said.url("image", relative=True)
    if image and type_of_url(image, "") not in ARTWORK_TYPES:
        said.problem("image", "bad-artwork", f"image is {image}", "a .jpg or a .png file")
        return ""
    return image


def _categories(said: Fields) -> Iterator[tuple[str, str]]:
    for name in said.texts("category"):
        known = _KNOWN.get(fold(name))
        if known in CATEGORIES:
            yield known, ""
        elif known:
            yield _PARENTS[known], known
        else:
            near = difflib.get_close_matches(fold(name), _KNOWN, 1, 0.6)
            hint = f"did you mean {_KNOWN[near[0]]}?" if near else f"one of {', '.join(CATEGORIES)}"
            said.problem("category", "bad-category", f"Apple has no category {name!r}", hint)
