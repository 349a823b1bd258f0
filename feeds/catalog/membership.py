"""The articles of each feed's documents, known by their files alone.

Answers from memory: a large build would need a query for each of its feeds.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence

from feeds.catalog.articles import PublishedArticles
from feeds.model.archive import Period, cut
from feeds.model.selection import Selection
from feeds.model.topics import Topics


class FeedMembership:
    """The files of each feed, newest first, and the fingerprints of its documents' entries."""

    def __init__(self, view: PublishedArticles, topics: Topics, limit: int) -> None:
        self._view = view
        self._topics = topics
        self._limit = limit
        self._files = view.files()
        self._order = {path: index for index, path in enumerate(self._files)}
        self._names: dict[str, list[str]] = {}
        self._tagged: dict[str, set[str]] = {}
        for key, path, name in view.taggings():
            if path in self._files:
                self._names.setdefault(path, []).append(name)
                self._tagged.setdefault(key, set()).add(path)
        self._lengths: dict[str, list[str]] = {}
        for path, url, length in view.lengths():
            self._lengths.setdefault(path, []).append(f"{url} {length}")
        self._selected: dict[Selection, list[str]] = {}
        self._periods: dict[Selection, tuple[Period, ...]] = {}
        self._article_digests: dict[str, str] = {}
        self._last_digest: tuple[Selection | None, Period | None, str] = (None, None, "")

    def paths(self, selection: Selection, period: Period | None) -> Sequence[str]:
        """The files of a feed's newest articles, or of those of a period."""
        files = self._all(selection)
        if not period:
            return files[: self._limit]

        def descending(path: str) -> int:
            return -self._files[path].day

        first = bisect_left(files, -period.last, key=descending)
        return files[first : bisect_right(files, -period.first, key=descending)]

    def periods(self, selection: Selection) -> tuple[Period, ...]:
        """The periods of a feed's archive, oldest first."""
        if selection not in self._periods:
            files = self._all(selection)
            days = Counter(self._files[path].day for path in files)
            self._periods[selection] = cut(days, self._limit)
        return self._periods[selection]

    def fingerprint(self, selection: Selection, period: Period | None) -> str:
        """Digest of the articles of paths(): their text, topics and the lengths of their files."""
        # The documents of a feed, one for each format, ask for the same digest in a row.
        if self._last_digest[:2] != (selection, period):
            articles = "\0".join(map(self._article_digest, self.paths(selection, period)))
            digest = hashlib.sha256(articles.encode("utf-8", "surrogatepass")).hexdigest()[:32]
            self._last_digest = selection, period, digest
        return self._last_digest[2]

    def _article_digest(self, path: str) -> str:
        if path not in self._article_digests:
            named = map(self._topics.named, self._names.get(path, ()))
            topics = (f"{topic.name}\0{topic.slug}" for topic in named if topic)
            lengths = self._lengths.get(path, ())
            digest = "\0".join((self._files[path].digest, *lengths, "", *topics))
            self._article_digests[path] = digest
        return self._article_digests[path]

    def _all(self, selection: Selection) -> list[str]:
        if selection not in self._selected:
            # A query for each topic's feed would take a second for a thousand topics.
            if selection == Selection():
                files = list(self._files)
            elif selection == Selection(any=selection.any[:1]):
                keys = self._topics.family(selection.any[0])
                tagged = set().union(*(self._tagged.get(key, ()) for key in keys))
                files = sorted(tagged, key=self._order.__getitem__)
            else:
                files = self._view.paths(selection, self._topics.family)
            self._selected[selection] = files
        return self._selected[selection]
