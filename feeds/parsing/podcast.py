"""Reads the key `podcast` of feeds.yaml.

Names and rules are those of Apple's guide to RSS for podcasters
(https://podcasters.apple.com/support/823-podcast-requirements), which other directories follow.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import replace

from feeds.model.podcast import ARTWORK_TYPES, Podcast
from feeds.parsing.fields import Fields
from feeds.text.media_types import type_of_url
from feeds.text.slugs import fold

#: Apple's categories and their subcategories (https://podcasters.apple.com/support/1691).
CATEGORIES = {
    "Arts": ("Books", "Design", "Fashion & Beauty", "Food", "Performing Arts", "Visual Arts"),
    "Business": ("Careers", "Entrepreneurship", "Investing", "Management", "Marketing",
        "Non-Profit"),
    "Comedy": ("Comedy Interviews", "Improv", "Stand-Up"),
    "Education": ("Courses", "How To", "Language Learning", "Self-Improvement"),
    "Fiction": ("Comedy Fiction", "Drama", "Science Fiction"),
    "Government": (),
    "Health & Fitness": ("Alternative Health", "Fitness", "Medicine", "Mental Health", "Nutrition",
        "Sexuality"),
    "History": (),
    "Kids & Family": ("Education for Kids", "Parenting", "Pets & Animals", "Stories for Kids"),
    "Leisure": ("Animation & Manga", "Automotive", "Aviation", "Crafts", "Games", "Hobbies",
        "Home & Garden", "Video Games"),
    "Music": ("Music Commentary", "Music History", "Music Interviews"),
    "News": ("Business News", "Daily News", "Entertainment News", "News Commentary", "Politics",
        "Sports News", "Tech News"),
    "Religion & Spirituality": ("Buddhism", "Christianity", "Hinduism", "Islam", "Judaism",
        "Religion", "Spirituality"),
    "Science": ("Astronomy", "Chemistry", "Earth Sciences", "Life Sciences", "Mathematics",
        "Natural Sciences", "Nature", "Physics", "Social Sciences"),
    "Society & Culture": ("Documentary", "Personal Journals", "Philosophy", "Places & Travel",
        "Relationships"),
    "Sports": ("Baseball", "Basketball", "Cricket", "Fantasy Sports", "Football", "Golf", "Hockey",
        "Rugby", "Running", "Soccer", "Swimming", "Tennis", "Volleyball", "Wilderness",
        "Wrestling"),
    "Technology": (),
    "True Crime": (),
    "TV & Film": ("After Shows", "Film History", "Film Interviews", "Film Reviews", "TV Reviews"),
}  # fmt: skip
_PARENTS = {sub: parent for parent, subs in CATEGORIES.items() for sub in subs}
_CATEGORY_BY_KEY = {fold(name): name for name in (*CATEGORIES, *_PARENTS)}
_TYPES = ("episodic", "serial")
_KEYS = ("image", "category", "explicit", "author", "owner", "type", "copyright")


def read_podcast(fields: Fields, site: Podcast | None = None) -> Podcast | None:
    """Parse the key `podcast`, true or a mapping; missing keys are inherited from the site's own.

    Without `site`, this is the site's own key: true makes the feed of all articles a podcast.
    """
    keys = fields.mapping_or_flag("podcast")
    if not keys:
        return None
    default = replace(site or Podcast(), everything=False, line=fields.line("podcast"))
    if keys is True:
        return replace(default, everything=site is None)
    keys.reject_unknown_keys(_KEYS if site else (*_KEYS, "everything"))
    owner = keys.mapping("owner", short="email")
    if owner:
        owner.reject_unknown_keys(("name", "email"))
    return replace(
        default,
        image=_image(keys) or default.image,
        categories=tuple(dict.fromkeys(_categories(keys))) or default.categories,
        explicit=keys.flag("explicit", default.explicit),
        author=keys.text("author") or default.author,
        owner_name=(owner.text("name") if owner else "") or default.owner_name,
        owner_email=(owner.email("email") if owner else "") or default.owner_email,
        type=keys.choice("type", _TYPES) or default.type,
        copyright=keys.text("copyright") or default.copyright,
        everything=site is None and keys.flag("everything", default=False),
    )


def _image(keys: Fields) -> str:
    image = keys.url("image", relative=True)
    if image and type_of_url(image, "") not in ARTWORK_TYPES:
        hint = "it should be a .jpg or .png file"
        keys.problem("image", "bad-artwork", f"image is {image}", hint)
        return ""
    return image


def _categories(keys: Fields) -> Iterator[tuple[str, str]]:
    for name in keys.texts("category"):
        category = _CATEGORY_BY_KEY.get(fold(name))
        if category in CATEGORIES:
            yield category, ""
        elif category:
            yield _PARENTS[category], category
        else:
            hint = f"it should be one of {', '.join(CATEGORIES)}"
            if near := difflib.get_close_matches(fold(name), _CATEGORY_BY_KEY, 1, 0.6):
                hint = f"did you mean {_CATEGORY_BY_KEY[near[0]]}?"
            message = f"Apple has no category {name!r}"
            keys.problem("category", "bad-category", message, hint)
