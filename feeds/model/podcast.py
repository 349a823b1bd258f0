"""What a podcast says of itself in feeds.yaml, and the categories that directories know.

Apple's names and rules, as its guide to RSS for podcasters has them
(https://podcasters.apple.com/support/823-podcast-requirements): other directories follow them.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from feeds.parsing.fields import Fields
from feeds.text import repair as texts

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
_KNOWN = {texts.fold(name): name for name in (*CATEGORIES, *_PARENTS)}
#: What artwork may be; its sides in pixels.
ARTWORK_TYPES = ("image/jpeg", "image/png")
MIN_ARTWORK, MAX_ARTWORK = 1400, 3000
_TYPES = ("episodic", "serial")
_KEYS = ("image", "category", "explicit", "author", "owner", "type", "copyright")


@dataclass(frozen=True, slots=True)
class Podcast:
    """What a podcast says of itself, beside its feed's title, description and language."""

    #: The artwork; a relative URL belongs to the site.
    image: str = ""
    #: Each with its subcategory, or an empty string.
    categories: tuple[tuple[str, str], ...] = ()
    explicit: bool = False
    #: Who makes it; empty: the site's author.
    author: str = ""
    #: Whom a directory writes to; empty: the site's author.
    owner_name: str = ""
    owner_email: str = ""
    #: "serial" where episodes are heard in their order, else "episodic", or empty.
    type: str = ""
    copyright: str = ""
    #: Whether the feed of everything is a podcast; said of the site's own alone.
    everything: bool = False
    #: In feeds.yaml. What is published does not follow from it.
    line: int = field(default=1, repr=False, compare=False)


def read_podcast(found: Fields, site: Podcast | None = None) -> Podcast | None:
    """What the key podcast says: true, or a mapping, whose missing keys are as the site has them.

    Without a site, it is the site's own key: that marks the feed of everything where it is true.
    """
    said = found.switch("podcast")
    if not said:
        return None
    default = replace(site or Podcast(), everything=False, line=found.line_of("podcast"))
    if said is True:
        return replace(default, everything=site is None)
    said.only(_KEYS if site else (*_KEYS, "everything"))
    owner = said.mapping("owner", short="email")
    if owner:
        owner.only(("name", "email"))
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
    if image and texts.media_type(image, "") not in ARTWORK_TYPES:
        said.problem("image", "bad-artwork", f"image is {image}", "a .jpg or a .png file")
        return ""
    return image


def _categories(said: Fields) -> Iterator[tuple[str, str]]:
    for name in said.texts("category"):
        known = _KNOWN.get(texts.fold(name))
        if known in CATEGORIES:
            yield known, ""
        elif known:
            yield _PARENTS[known], known
        else:
            near = difflib.get_close_matches(texts.fold(name), _KNOWN, 1, 0.6)
            hint = f"did you mean {_KNOWN[near[0]]}?" if near else f"one of {', '.join(CATEGORIES)}"
            said.problem("category", "bad-category", f"Apple has no category {name!r}", hint)
