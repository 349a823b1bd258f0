"""Tells a folder of articles in our own form, whatever configuration of a generator is in it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice

from feeds.files import regular_only
from feeds.parsing.file_names import ENDINGS

#: Articles that are looked at, and files in which they are sought.
_MAX_ARTICLES, _MAX_FILES = 50, 300
#: Articles of one folder that are looked at: they may be alike, say pages without a URL.
_MAX_IN_FOLDER = 3
#: Front matter is hardly longer.
_READ_BYTES = 16 * 1024
_FRONT_MATTER = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,9}---+[ \t]{0,9}\r?\n")
_END = re.compile(rb"^(?:---+|\.\.\.)\s*$", re.MULTILINE)
#: The keys of our own that no generator has; an article may lack the others.
_OWN_KEY = re.compile(
    rb"^[\"']?(?:webUrl|originalUrl|publishedDateTime)[\"']?[ \t]*:", re.MULTILINE
)


def has_own_form(folders: Iterable[str]) -> bool:
    """Return True if most of the first articles of each folder have the keys of our own."""
    read = filter(None, map(_front_matter, islice(_files(folders), _MAX_FILES)))
    articles = list(islice(read, _MAX_ARTICLES))
    own = sum(_OWN_KEY.search(each) is not None for each in articles)
    return own * 2 > len(articles)


def _files(folders: Iterable[str]) -> Iterator[str]:
    for top in folders:
        for folder, below, names in os.walk(top):
            below[:] = sorted(each for each in below if each[0] != "." and each != "node_modules")
            articles = (each for each in sorted(names) if each.lower().endswith(ENDINGS))
            shown = islice((each for each in articles if each[0] != "."), _MAX_IN_FOLDER)
            yield from (os.path.join(folder, each) for each in shown)


def _front_matter(file: str) -> bytes:
    with suppress(OSError), open(file, "rb", opener=regular_only) as stream:
        text = stream.read(_READ_BYTES)
        if begins := _FRONT_MATTER.match(text):
            return _END.split(text[begins.end() :], maxsplit=1)[0]
    return b""
