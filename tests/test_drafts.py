"""Drafts: what any generator would hold back is in no document, and no wish is silently ignored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from feeds.errors import Severity
from feeds.model.article import Article
from feeds.model.selection import Selection
from feeds.parsing.article import read_article
from tests.support import SiteBuilder, article, document, within


def read(path: str = "a.md", **keys: Any) -> tuple[Article, list[tuple[int, str]]]:
    found, problems = read_article(document(article(**keys)), path)
    assert found
    assert all(problem.hint for problem in problems)
    return found, [(problem.line, problem.code) for problem in problems]


HELD_BACK: list[dict[str, Any]] = [
    *(
        {key: value}
        for key in ("draft", "private", "hidden", "unlisted")
        for value in (True, "yes")
    ),
    *({key: True} for key in ("Draft", "isDraft", "is_draft", "is-draft", "DRAFT", "wip", "WIP")),
    *({key: True} for key in ("unpublished", "embargo", "scheduled", "hide", "headless", "secret")),
    *(
        {key: True}
        for key in ("eleventyExcludeFromCollections", "excludeFromFeed", "hidden_in_rss")
    ),
    *(
        {key: False}
        for key in ("published", "publish", "public", "is_published", "visible", "listed")
    ),
    *({key: "no"} for key in ("feed", "rss", "render", "dg-publish", "Published", "routable")),
    *({"status": status} for status in ("draft", "Draft", "pending", "private", "trash", "hidden")),
    *({"status": status} for status in ("auto-draft", "skip", "inherit", "sent", "In Progress", 0)),
    *({"visibility": value} for value in ("private", "members", "paid", "password", "unlisted")),
    *({key: {"render": "never", "list": True}} for key in ("build", "_build")),
    {"build": {"list": "local"}},
    *({key: "draft"} for key in ("post_status", "state", "publication-status", "stage")),
    *({"status": value} for value in (["draft"], ["published", "draft"])),
    {"audience": "only_paid"},
    {"password": "hush"},
    {"published": True, "draft": True},
    {"draft": False, "status": "draft"},
]
PUBLISHED: list[dict[str, Any]] = [
    *({key: False} for key in ("draft", "private", "hidden", "unlisted", "embargo", "wip", "hide")),
    *({key: True} for key in ("published", "publish", "public", "feed", "listed")),
    *(
        {"status": status}
        for status in ("published", "publish", "Public", "future", "scheduled", 1)
    ),
    *({"status": status} for status in ("evergreen", "new", "deprecated", "featured", "done")),
    *({"visibility": value} for value in ("public", "everyone")),
    *({key: None} for key in ("draft", "published", "status", "password")),
    *({key: " "} for key in ("draft", "published", "status", "password")),
    # Words with other meanings.
    {"hide": ["navigation", "toc"], "state": "California", "stage": 2, "access": "open"},
    {"feed": "https://feeds.example/", "public": "anyone", "active": "2026", "ignore": "a.txt"},
    {"hide_title": True, "hide_table_of_contents": True, "hiddenInHomeList": False, "stats": 1},
    {"publisher": "Mint", "publication": "News", "draftsman": "Jo Quay", "expires": False},
    {"sitemap_exclude": True, "excludeFromNav": True, "list": False, "searchHidden": True},
    {"build": {"list": "always", "render": True, "publishResources": False}},
    {"published": "2026-04-01"},
    {"publishDate": "2026-05-01"},
    {"title": "Draft", "topics": ["Draft", "NFL"], "excerpt": "draft", "tags": ["drafting"]},
    {"cover": {"hidden": True}, "comments": {"visible": False}, "tier": 1, "internal": False},
]


@pytest.mark.parametrize("keys", HELD_BACK, ids=str)
def test_a_wish_of_any_generator_holds_an_article_back(keys: dict[str, Any]) -> None:
    found, problems = read(**keys)
    assert found.draft
    assert problems == []


@pytest.mark.parametrize("keys", PUBLISHED, ids=str)
def test_other_words_hold_no_article_back(keys: dict[str, Any]) -> None:
    found, problems = read(**keys)
    assert not found.draft
    assert problems == []


@pytest.mark.parametrize(
    "keys",
    [
        *({"draft": value} for value in ("maybe", "2026-01-01", ["no", "perhaps"], {"of": "me"})),
        *({"status": value} for value in ("limbo", ["published", "limbo"], {"draft": True})),
        *({"published": value} for value in ("soon", "03/04/2022", "{{ yes }}")),
        *({"publishDate": value} for value in ("tomorrow", "2026-02-30")),
        *({"expiryDate": value} for value in ("30d", True, "soon")),
        {"private": "members"},
        {"removed": "maybe"},
        {"draft": "x" * 9999},
    ],
    ids=lambda keys: str(keys)[:40],
)
def test_a_wish_that_is_not_understood_holds_an_article_back_and_is_named(
    keys: dict[str, Any],
) -> None:
    found, problems = read(**keys)
    assert found.draft
    assert problems == [(7, "unclear-draft")]


def test_an_article_that_says_it_is_published_is_published_with_a_warning() -> None:
    text = document(article(published=True, status="limbo", stattus="draft"))
    found, [problem] = read_article(text, "a.md")
    assert found
    assert not found.draft
    assert (problem.line, problem.code, problem.severity) == (8, "unclear-draft", Severity.WARNING)


@pytest.mark.parametrize(
    "keys",
    [
        *({key: True} for key in ("drafft", "is_a_draft_post", "keepPrivate", "unlistd", "drafts")),
        *({key: False} for key in ("pubished", "publish_to_web", "isPublic_post")),
        {"hide_from_list": True},
        {"draft_status": "draft"},
        {"paywalled": True},
        {"publishDat": "2027-01-01"},
        *({key: True} for key in ("protected", "internal_only", "offline", "archived", "inReview")),
        *({key: False} for key in ("ready", "approved", "released")),
        *({key: "draft"} for key in ("type", "layout", "_status", "pubstatus", "category")),
        *({key: ["sea", "Draft"]} for key in ("tags", "keywords")),
        *({key: {"draft": True}} for key in ("meta", "params", "seo")),
        {"workflow": {"state": "draft"}},
        {"tier": "paid"},
    ],
    ids=str,
)
def test_a_key_that_looks_like_a_wish_is_named(keys: dict[str, Any]) -> None:
    found, problems = read(**keys)
    assert not found.draft
    assert problems == [(7, "unknown-draft")]
    assert read(**keys, draft=True)[1] == []
    opposite: dict[str, Any] = {key: not value for key, value in keys.items()}
    assert read(**opposite)[1] == []


def test_the_value_of_a_password_is_in_no_problem() -> None:
    _found, problems = read_article(
        document(article(password=["hush", {"a": 1}], drafft=1)), "a.md"
    )
    assert "hush" not in str(problems)


@pytest.mark.parametrize("path", ["_drafts/a.md", "posts/Drafts/b/a.md", "../drafts/a.md"])
def test_an_article_in_a_folder_of_drafts_is_a_draft(path: str) -> None:
    assert read(path, published=True)[0].draft
    assert not read(path.replace("rafts", "rafters"), published=True)[0].draft
    assert not read("drafts.md")[0].draft


@pytest.mark.parametrize(
    "front",
    [
        "status: [" + "limbo, " * 50_000 + "x]\n",
        "publishDate: [" + "2026-13-01, " * 20_000 + "x]\n",
        "".join(f"published{number}: maybe\n" for number in range(20_000)),
        "".join(f"p{'is' * 25}{number}: maybe\n" for number in range(20_000)),
        f"{'is' * 1_000_000}: true\n",
    ],
    ids=["words", "dates", "keys", "long keys", "one key"],
)
def test_many_wishes_take_little_time(front: str) -> None:
    text = document(article()).replace("---\n", f"---\n{front}", 1)
    with within(5):
        read_article(text, "a.md")


@pytest.mark.parametrize(("path", "keys"), [("_drafts/a.md", {}), ("a.md", {"draft": True})])
def test_an_unfinished_draft_is_no_error(path: str, keys: dict[str, Any]) -> None:
    found, [problem] = read_article(document({"title": "T", "webUrl": ""} | keys), path)
    assert found is None
    assert (problem.code, problem.severity) == ("missing-url", Severity.WARNING)


@pytest.mark.parametrize("key", ["publishDate", "publish_on", "published", "embargo", "notBefore"])
def test_an_embargo_is_the_date_of_publication(key: str) -> None:
    found, problems = read(**{key: "2026-06-01 10:00", "updatedDateTime": "2026-05-02"})
    assert found.published == found.updated == datetime(2026, 6, 1, 10, tzinfo=UTC)
    assert not found.draft
    assert problems == []


@pytest.mark.postgresql
@pytest.mark.parametrize("key", ["expiryDate", "expires", "unpublish_on", "Valid-Until"])
def test_an_article_is_published_until_it_expires(site: SiteBuilder, key: str) -> None:
    end = datetime(2026, 6, 1, 10, tzinfo=UTC)
    url = "https://news.example.com/a"
    site.write(
        "a.md", title="Expiring", webUrl=url, updatedDateTime="2026-05-02", **{key: str(end)}
    )
    site.write("b.md", title="Older", webUrl=url)
    site.write("c.md", title="Never", **{key: "never"})
    before = site.publication(now=end - timedelta(seconds=1)).articles
    assert [each.title for each in before.select(Selection()).values()] == ["Expiring", "Never"]
    assert before.next_due() == end
    after = site.publication(now=end, unpublished=True).articles
    assert [each.title for each in after.select(Selection()).values()] == ["Never"]
    assert after.held_back() == {"expired": 1, "older with the same id": 1}
    for now, instead in (
        (end - timedelta(seconds=1), "is published instead"),
        (end, "takes it back"),
    ):
        (problem,) = site.publication(now=now).problems()
        assert problem.path == "articles/b.md"
        assert problem.message.endswith(instead)
    assert after.next_due() is None


def test_an_article_that_expires_before_its_date_is_named() -> None:
    found, problems = read(
        publishedDateTime="2026-05-01", embargo="2026-06-01", expires="2026-06-01"
    )
    assert found.expires == found.published
    assert [code for _line, code in problems] == ["early-expiry"]
    assert not read(publishedDateTime="2026-05-01", expires="2026-05-02")[1]


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ({f"dra{number}ft": True for number in range(100)}, "unknown-draft"),
        ({"d" + "-" * number + "raft": "maybe" for number in range(1, 50)}, "unclear-draft"),
    ],
    ids=["unknown", "unclear"],
)
def test_many_wishes_of_one_kind_are_one_problem(keys: dict[str, Any], code: str) -> None:
    story = {"webUrl": "https://x.example.com/a", **keys}
    found, problems = read_article(document(article(related=[story])), "a.md")
    assert found
    (problem,) = (each for each in problems if each.code == code)
    assert f"(and {len(keys) - 1} more: " in problem.message


def test_a_related_draft_is_not_published() -> None:
    urls = [f"https://other.example/{number}" for number in range(4)]
    wishes: list[dict[str, Any]] = [{}, {"draft": True}, {"removed": True}, {"status": "limbo"}]
    related = [{"webUrl": url} | keys for url, keys in zip(urls, wishes, strict=True)]
    found, problems = read(related=related)
    assert [other.url for other in found.related] == urls[:1]
    assert [code for _line, code in problems] == ["unclear-draft"]


def test_a_related_story_waits_for_no_date_of_its_own() -> None:
    dates = [{"embargo": "2026-04-30"}, {"embargo": "2099-01-01"}, {"expires": "2099-01-01"}]
    related = [
        {"webUrl": f"https://other.example/{number}"} | keys for number, keys in enumerate(dates)
    ]
    found, problems = read(publishedDateTime="2026-05-01", related=related)
    assert [other.url for other in found.related] == ["https://other.example/0"]
    assert [code for _line, code in problems] == ["held-related"]


def test_a_draft_is_in_no_document(site: SiteBuilder) -> None:
    site.configure(title="T", url="https://e.example/", feeds=[{"name": "all", "q": "word"}])
    site.write("good.md", "word", topics=["Open"])
    for number, keys in enumerate(HELD_BACK):
        site.write(f"{number}.md", "word", title="Secret", topics=["Secret"], **keys)
    site.write("_drafts/a.md", "word", title="Secret", topics=["Secret"])
    site.write("unclear.md", "word", title="Secret", topics=["Secret"], draft="maybe")
    publication = site.publication()
    for path in publication.paths():
        document = publication.document(path)
        assert b"ecret" not in getattr(document, "body", b""), path
    assert publication.articles.held_back() == {"unpublished": len(HELD_BACK) + 2}
    shown = site.published("/feeds/all/rss.xml", unpublished=True)
    assert shown.count(b"<item>") > 45
