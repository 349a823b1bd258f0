"""Explains in one sentence why a site publishes nothing."""

import os
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from feeds.catalog.articles import PublishedArticles
from feeds.catalog.catalog import Catalog
from feeds.catalog.folder import HERE, SiteFolder
from feeds.errors import Problem
from feeds.model.selection import Selection
from feeds.parsing.file_names import ENDINGS
from feeds.parsing.rest import DOCUTILS_HINT
from feeds.text.repair import shown

NOTHING_PUBLISHED = "nothing-published"
_MAX_REASONS = 3


class _Reason(NamedTuple):
    """A predicate of files that are not published, and what to do about it."""

    of_one: str
    of_several: str
    hint: str = ""


def _have(what: str, hint: str) -> _Reason:
    return _Reason(f"has {what}", f"have {what}", hint)


def _are(what: str, hint: str = "") -> _Reason:
    return _Reason(f"is {what}", f"are {what}", hint)


_BEGINNING = "an article begins with YAML between two lines of ---"
_NEEDED = "an article needs title, webUrl and publishedDateTime"
_OTHER_FORM = "for a generator's, write permalink: /blog/:name/ in feeds.yaml, as its URLs are"
_UNREADABLE = _Reason("cannot be read", "cannot be read")
#: By the code of the problem for which a file is not an article.
_UNREADABLE_FOR = {
    "no-front-matter": _have("no front matter", _BEGINNING),
    "bad-yaml": _have("unreadable front matter", _BEGINNING),
    "no-docutils": _Reason("needs docutils", "need docutils", DOCUTILS_HINT),
}
#: Hints by the reasons of PublishedArticles.held_back().
_HELD_BACK_HINTS = {
    "unpublished": "--unpublished publishes drafts too",
    "dated in the future": "each is published at its time, or with future: true at once",
}


def empty_site_problems(
    folder: SiteFolder, catalog: Catalog, articles: PublishedArticles
) -> Iterator[Problem]:
    """Yield the problem that nothing is published, if there are folders and nothing is."""
    folders = [each for each in folder.article_folders if os.path.isdir(each)]
    # A missing folder is a problem of its own.
    if not folders or articles.count(Selection())[0]:
        return
    total, problems = catalog.rejected_files()
    has_dialect = folder.dialect is not None
    reasons = Counter(
        reason for problem in problems for reason in _reasons(problem, has_dialect=has_dialect)
    )
    for why, count in articles.held_back().items():
        reasons[_are(why, _HELD_BACK_HINTS.get(why, ""))] += count
    if commonest := reasons.most_common(_MAX_REASONS):
        (first, count), *others = commonest
        files = f"{count:,} of {total:,} file{'' if total == 1 else 's'}"
        clauses = [_clause(files, count, first)]
        clauses += (_clause(f"{count:,}", count, reason) for reason, count in others)
        why, hint = ", ".join(clauses), first.hint
        foreign = sum({"URL", "date"} <= set(problem.missing) for problem in problems)
        if hint == _NEEDED and foreign * 2 > total:
            hint += f"; {_OTHER_FORM}"
    else:
        why, hint = _contents(folder), f"articles are files that end in {', '.join(ENDINGS)}"
        if folder.dialect:
            hint = f"{folder.dialect.label} has its articles in other files"
    if site := folder.generators_site():
        root, dialect = site
        relation = "is a part of" if folder.root.is_relative_to(root) else "contains"
        hint = f"it {relation} the {dialect.label} site {root}: name that instead"
    names = ", ".join(f"{each.name}/" for each in folders)
    message = f"nothing is published from {shown(names)}: {why}"
    at = folder.configuration or HERE, folder.site.articles_line
    yield Problem(*at, NOTHING_PUBLISHED, message, hint)


def _reasons(problem: Problem, *, has_dialect: bool) -> list[_Reason]:
    """Return the reasons why a file is not an article."""
    if problem.missing:
        hint = problem.hint if has_dialect else _NEEDED
        return [_have(f"no usable {name}", hint) for name in problem.missing]
    return [_UNREADABLE_FOR.get(problem.code, _UNREADABLE)]


def _clause(files: str, count: int, reason: _Reason) -> str:
    return f"{files} {reason.of_one if count == 1 else reason.of_several}"


def _contents(folder: SiteFolder) -> str:
    """Return the clause about a folder in which no file may be an article."""
    endings = folder.endings()
    if not endings:
        return "it is empty"
    if not endings.keys().isdisjoint(ENDINGS):
        return "all pages in it are of a tree that feeds build wrote"
    common = endings.most_common(_MAX_REASONS)
    files = ", ".join(
        f"{count:,} {shown(ending) if ending else 'without an ending'}" for ending, count in common
    )
    return f"none of its files is an article ({files})"
