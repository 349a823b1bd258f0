"""Explains in one sentence why a site publishes nothing."""

import os
from collections import Counter
from collections.abc import Iterator

from feeds.catalog.articles import PublishedArticles
from feeds.catalog.catalog import Catalog
from feeds.catalog.folder import HERE, SiteFolder
from feeds.errors import Problem
from feeds.model.selection import Selection
from feeds.parsing.article import ENDINGS
from feeds.text.repair import shown

NOTHING_PUBLISHED = "nothing-published"
_MAX_REASONS = 3
#: Predicates by the code of the problem for which a file is not an article.
_REASONS = {"no-front-matter": "have no front matter", "bad-yaml": "have unreadable front matter"}
#: Hints by the beginning of the commonest reason.
_HINTS = {
    "have no usable": "an article needs title, webUrl and publishedDateTime",
    "have": "an article begins with YAML between two lines of ---",
    "are unpublished": "--unpublished publishes drafts too",
    "are dated in the future": "each is published at its time, or with future: true at once",
}
_SINGULAR = {"have": "has", "are": "is"}


def empty_site_problems(
    folder: SiteFolder, catalog: Catalog, articles: PublishedArticles
) -> Iterator[Problem]:
    """Yield the problem that nothing is published, if there are folders and nothing is."""
    folders = [each for each in folder.article_folders if os.path.isdir(each)]
    # A missing folder is a problem of its own.
    if not folders or articles.count(Selection())[0]:
        return
    total, problems = catalog.rejected_files()
    reasons = Counter(reason for problem in problems for reason in _reasons(problem))
    reasons.update({f"are {why}": count for why, count in articles.held_back().items()})
    (first, count), *others = reasons.most_common(_MAX_REASONS) or [("", 0)]
    if first:
        files = f"{count:,} of {total:,} file{'' if total == 1 else 's'}"
        clauses = [_clause(files, count, first)]
        clauses += (_clause(f"{count:,}", count, reason) for reason, count in others)
        why = ", ".join(clauses)
        hint = next((hint for begin, hint in _HINTS.items() if first.startswith(begin)), "")
    else:
        why, hint = _contents(folder), f"articles are files that end in {', '.join(ENDINGS)}"
    names = ", ".join(f"{each.name}/" for each in folders)
    message = f"nothing is published from {shown(names)}: {why}"
    at = folder.configuration or HERE, folder.site.articles_line
    yield Problem(*at, NOTHING_PUBLISHED, message, hint)


def _reasons(problem: Problem) -> list[str]:
    """Return the predicates of a sentence about files that are not articles."""
    if problem.missing:
        return [f"have no usable {name}" for name in problem.missing]
    return [_REASONS.get(problem.code, "cannot be read")]


def _clause(files: str, count: int, reason: str) -> str:
    verb, _, rest = reason.partition(" ")
    return f"{files} {_SINGULAR.get(verb, verb) if count == 1 else verb} {rest}"


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
