"""Conditions and ranges of a request, all against each other, in the order of RFC 9110 §13.2.2."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import formatdate
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.model.document import Document, MediaFile
from feeds.web.media import respond_with_file
from feeds.web.responses import CachedDocument, read_date
from tests.hosts import Response

BODY = b"0123456789" * 100
CHANGED = int(time.time()) - 3600
DATE, PAST, LATER, FUTURE = (
    formatdate(CHANGED + seconds, usegmt=True) for seconds in (0, -60, 60, 7200)
)
NO_DATE = "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"


Ask = Callable[[Mapping[str, str]], Response]


def ask_document(asked: Mapping[str, str]) -> Response:
    document = CachedDocument(Document(BODY, "application/rss+xml"), CHANGED)
    status, headers, body = document.respond(asked)
    return Response(int(status[:3]), dict(headers), body)


@pytest.fixture
def ask_file(tmp_path: Path) -> Ask:
    file = tmp_path / "a.mp3"
    file.write_bytes(BODY)
    os.utime(file, (CHANGED, CHANGED))

    def ask(asked: Mapping[str, str]) -> Response:
        status, headers, body = respond_with_file(MediaFile(file, "audio/mpeg"), asked)
        data = b"".join(body) if body else b""
        if body:
            body.close()
        return Response(int(status[:3]), dict(headers), data)

    return ask


def requests(etag: str, ranges: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """Every combination of conditions; an empty one is not sent."""
    values = {
        "HTTP_IF_MATCH": ("", etag, f'"other", {etag}', f"W/{etag}", '"other"', "*"),
        "HTTP_IF_UNMODIFIED_SINCE": ("", DATE, PAST, FUTURE, NO_DATE),
        "HTTP_IF_NONE_MATCH": ("", etag, f'W/{etag}, "other"', '"other"', "*"),
        "HTTP_IF_MODIFIED_SINCE": ("", DATE, PAST, LATER, FUTURE, NO_DATE),
        "HTTP_RANGE": ranges,
        "HTTP_IF_RANGE": ("", etag, f"W/{etag}", DATE, LATER, NO_DATE)[: 6 if ranges[1:] else 1],
    }
    for combination in product(*values.values()):
        yield {key: value for key, value in zip(values, combination, strict=True) if value}


def expected(asked: Mapping[str, str], etag: str) -> int:
    """The status of a GET, by the steps of the RFC; each condition's values are those above."""
    get: Any = asked.get
    if match := get("HTTP_IF_MATCH"):
        if match in (f"W/{etag}", '"other"'):
            return 412
    elif get("HTTP_IF_UNMODIFIED_SINCE") == PAST:
        return 412
    if none_match := get("HTTP_IF_NONE_MATCH"):
        if none_match != '"other"':
            return 304
    elif get("HTTP_IF_MODIFIED_SINCE") in (DATE, LATER):
        return 304
    if get("HTTP_IF_RANGE", etag) in (etag, DATE):
        return {"bytes=1-2": 206, "bytes=5000-": 416}.get(get("HTTP_RANGE"), 200)
    return 200


def check(ask: Ask, *ranges: str) -> None:
    whole = ask({"REQUEST_METHOD": "GET"})
    etag = whole.headers["ETag"]
    assert (whole.status, whole.body, whole.headers["Last-Modified"]) == (200, BODY, DATE)
    seen = set()
    for asked in requests(etag, ("", *ranges)):
        status = expected(asked, etag)
        response = ask({"REQUEST_METHOD": "GET", **asked})
        assert response.status == status, asked
        assert response.body == {200: BODY, 206: BODY[1:3]}.get(status, b""), asked
        assert response.headers["ETag"] == etag
        seen.add(status)
        if "HTTP_IF_RANGE" not in asked:
            # A range has a meaning for GET alone.
            asked.pop("HTTP_RANGE", None)
            head = ask({"REQUEST_METHOD": "HEAD", **asked})
            assert (head.status, head.body) == (expected(asked, etag), b""), asked
    assert seen == {200, 304, 412, *((206, 416) if ranges else ())}


def test_conditions_on_a_feed() -> None:
    check(ask_document)


def test_conditions_and_ranges_on_a_file(ask_file: Ask) -> None:
    check(ask_file, "bytes=1-2", "bytes=5000-", "bytes=2-1")


def test_a_date_that_two_versions_may_share_keeps_no_parts_together(tmp_path: Path) -> None:
    file = tmp_path / "a.mp3"
    file.write_bytes(BODY)
    now = int(time.time())
    os.utime(file, (now, now))
    asked = {"REQUEST_METHOD": "GET", "HTTP_RANGE": "bytes=1-2"}
    condition = {"HTTP_IF_RANGE": formatdate(now, usegmt=True)}
    status, _headers, body = respond_with_file(MediaFile(file, "audio/mpeg"), asked | condition)
    assert body
    body.close()
    assert status == "200 OK"


DATE_LIKE = r"[A-Z][a-z]{2}, [\d²]{1,9} [A-Za-z]{3} \d{1,30} [\d:]{1,30} [+A-Z-]{1,4}\d{0,30}"


@given(st.text(max_size=60) | st.from_regex(DATE_LIKE))
def test_any_text_is_a_date_or_is_ignored(text: str) -> None:
    assert isinstance(read_date(text), float | None)
