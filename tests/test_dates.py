"""Dates: read right in the forms that people and programs write, or named as wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feeds.parsing.article import read_article
from feeds.parsing.dates import DateError, read_date
from feeds.parsing.time_zones import find_zone
from tests.support import SiteBuilder, article, document, within

#: By the moment, in UTC.
WRITTEN = {
    "2021-05-01T00:00:00": (
        "2021-05-01|20210501|2021-5-1|2021/05/01|2021/5/1|2021.05.01|1. 5. 2021|01.05.2021"
        "|May 1, 2021|May 01 2021|may 1 2021|MAY 1ST, 2021|May. 1st, 2021|1 May 2021|01 May 2021"
        "|1. May 2021|1st of May 2021|1-May-2021|Saturday, May 1, 2021|Sat, 1 May 2021|2021-W17-6"
        "|2021W176|2021-121|1 May, 2021|2021-05-01Z|Sat 2021-05-01|2021 May 1|2021-May-01"
    ),
    "2022-11-30T00:00:00": (
        "November 30, 2022|Nov. 30th, 2022|30 November 2022|30/11/2022|11/30/2022|30-11-2022"
        "|30.11.2022|Wednesday 30 November 2022|2022-334"
    ),
    "2022-09-09T00:00:00": "Sept. 9, 2022|09/09/2022|9-9-2022|September 9, 2022|9 Sep 22",
    "2021-05-01T10:00:00": (
        "2021-05-01T10:00:00Z|2021-05-01T12:00+02:00|2021-05-01 10:00|20210501T100000Z|20210501T10"
        "|2021-05-01t10:00:00z|2021-05-01 05:00:00 -0500|2021-05-01 10:00:00 Z|202105011000"
        "|2021-05-01 10:00:00 UTC|2021-05-01T10:00:00GMT|20210501100000|2021-05-01T10:00:00.000Z"
        "|Sat,01 May 2021 10:00:00 GMT"
        "|Sat, 01 May 2021 10:00:00 GMT|1 May 2021 05:00:00 -0500|1 May 2021 06:00:00 EDT"
        "|Sat, 01 May 2021 10:00:00 UT|Sat, 01 May 2021 10:00:00 -0000"
        "|Saturday, 01-May-21 10:00:00 GMT"
        "|1619863200|1619863200000|1619863200.0|Sat May  1 10:00:00 2021"
        "|Sat May 1 12:00:00 2021 +0200"
        "|Sat May 01 12:00:00 CEST 2021|Sat May 01 12:00:00 +0200 2021"
        "|Sat May 01 2021 03:00:00 GMT-0700 (Pacific Daylight Time)|2021-05-01 10:00:00 +0000 UTC"
        "|2021-05-01 03:00:00 -0700 PDT|2021-05-01T12:00[Europe/Berlin]"
        "|2021-05-01T12:00+02:00[Europe/Berlin]|2021-05-01 12:00 europe/berlin"
        "|2021-05-01 12:00 CEST (Europe)|Sat, 01 May 2021 12:00:00 CEST|1 May 2021 12:00 MESZ"
        "|May 1, 2021 at 6:00 a.m. ET|May 1, 2021, 3:00 AM PT|May 1, 2021 3am PDT"
        "|2021-05-01 12:00:00 UTC+2|2021-05-01 12:00:00 UTC+02:00|2021-05-01 12:00 +2"
        "|2021-05-01 12:00 +2:00|2021-05-01 12:00+02|2021-05-01 15:30 +530|2021-05-01 19:00 JST"
        "|2021-05-01T08:00:00−02:00|2021-05-01 20:00 AEST"
    ),
    "2021-05-01T21:30:00": (
        "2021-05-01 9:30 PM|2021-05-01 9:30pm|May 1, 2021, 9:30 p.m.|01 May 2021 9:30 PM +0000"
        "|2021-05-01, 9:30:00\u202fPM"
    ),
    "2021-05-01T12:30:00": "2021-05-01 12:30 PM|2021-05-01 12:30 p.m. UTC",
    "2021-05-01T00:30:00": "2021-05-01 12:30 AM|2021-05-01 0:30",
    "2021-05-01T09:05:00": "2021-05-01 9:05|2021-05-01T9:05:00|2021-5-1 9:05",
}
NO_DATES = (
    "|,|nonsense|10:00|1|2021|2021-05|2021-02-30|2021-366|2021-W54-1|2021-05-01T25:00|27. 2. 25"
    "|2021-05-01T10:60|yesterday|{{date}}|Last Modified|1. Mai 2021|2017-02-10 00:10::00"
    "|2023-01-29 18:30:22 2023 -0800|2021-05-01 13:30 PM|2021-05-01 0:30 AM|2021-05-01 9"
    "|2021-05-01 930|2021-05-01 12:00 (CEST)|2021-05-01 12:00 [Europe/Berlin"
    "|2021-05-01 12:00 Europe/Nowhere|2021-05-01 12:00 ../etc/passwd|2021-05-01 12:00 +"
    "|2021-05-01 12:00 +24:00|2021-05-01 12:00 +02:60|2021-05-01-02|2021-05-01T12:00:00.Z"
    "|2021-05-01 12:00 A|2021-05-01 12:00 Y|2021-05-01 12:00 BST|2021-05-01 12:00 IST"
    "|Sat, 01 May 2021 10:00:00 BST|Sat, 01 May 2021 10:00:00 A"
    "|2021-05-01 12:00 AST|2021-05-01 12:00 MSK|2021-05-01 12:00 SST|2021-05-01 12:00 XYZ"
    "|2021-05-01T12:00+01:00[Europe/Berlin]|1 Jan 99999999999999999999 10:00:00"
    "|1 Jan 2021 10:00 +9999999999999|0001-01-01T00:00:00+14:00|9999-12-31T23:59:59-01:00"
    "|9999-12-31T24:00:00Z|2026-05-01T23:59:61Z|2026-05-01T24:00:01Z|２０２１-05-01|1e9"
).split("|")


def of_all_forms() -> list[tuple[str, datetime]]:
    moments = (
        (datetime.fromisoformat(each).replace(tzinfo=UTC), WRITTEN[each]) for each in WRITTEN
    )
    return [(text, moment) for moment, texts in moments for text in texts.split("|")]


@pytest.mark.parametrize(("written", "meant"), of_all_forms())
def test_a_date_is_the_same_moment_in_every_form(written: str, meant: datetime) -> None:
    assert read_date(written) == meant


@pytest.mark.parametrize("written", NO_DATES)
def test_what_is_not_understood_is_no_date(written: str) -> None:
    with pytest.raises(DateError):
        read_date(written)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-05-01 09:30:00.25 +02", "2026-05-01T07:30:00.250000+00:00"),
        ("2021-05-01T10:00:00.123456789Z", "2021-05-01T10:00:00.123456+00:00"),
        ("1619863200123", "2021-05-01T10:00:00.123000+00:00"),
        ("2021-05-01 +0500", "2021-04-30T19:00:00+00:00"),
        # A leap second, and the end of a day.
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59+00:00"),
        ("2016-12-31T23:59:60.5Z", "2016-12-31T23:59:59.500000+00:00"),
        ("2017-01-01T05:29:60+05:30", "2016-12-31T23:59:59+00:00"),
        ("20161231T235960Z", "2016-12-31T23:59:59+00:00"),
        ("Sat, 31 Dec 2016 23:59:60 GMT", "2016-12-31T23:59:59+00:00"),
        ("2026-05-01T24:00:00Z", "2026-05-02T00:00:00+00:00"),
        ("2026-12-31 24:00", "2027-01-01T00:00:00+00:00"),
        ("20260501T240000+0200", "2026-05-01T22:00:00+00:00"),
        ("2026-05-01T24:00:00.000", "2026-05-02T00:00:00+00:00"),
    ],
)
def test_fractions_and_the_ends_of_days_are_read(written: str, meant: str) -> None:
    assert read_date(written).isoformat() == meant


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("03/04/2022", "2022-04-03 or 2022-03-04"),
        ("3-4-2022 10:00", "2022-04-03 or 2022-03-04"),
        ("2026-05-01 09:30 BST", "an offset such as +02:00 instead of BST"),
        ("2026-05-01 13:30 PM", "a time such as 9:30 PM or 21:30"),
        ("2026-05-01 9", "a time such as 21:30"),
        ("yesterday", "a date such as 2026-05-01T09:30:00Z"),
    ],
)
def test_a_bad_date_is_named_by_its_line_with_what_would_be_right(written: str, right: str) -> None:
    text = document(article(publishedDateTime="2026-05-01", updatedDateTime=written))
    found, [problem] = read_article(text, "a.md")
    assert found
    assert (problem.line, problem.code) == (7, "bad-date")
    assert problem.hint.startswith("it should be ")
    assert right in problem.hint
    assert found.updated == found.published


NEW_YORK, LONDON, SYDNEY = map(ZoneInfo, ("America/New_York", "Europe/London", "Australia/Sydney"))


@pytest.mark.parametrize(
    ("written", "zone", "meant"),
    [
        ("2026-05-01 09:30", SYDNEY, "2026-04-30T23:30"),
        ("2026-05-01", SYDNEY, "2026-04-30T14:00"),
        ("2026-01-01 09:30 AM", NEW_YORK, "2026-01-01T14:30"),
        ("2026-05-01T09:30Z", SYDNEY, "2026-05-01T09:30"),
        ("2026-05-01T09:30 CEST", SYDNEY, "2026-05-01T07:30"),
        # A name means what it means there, also where other zones have it.
        ("2026-05-01 09:30 BST", LONDON, "2026-05-01T08:30"),
        ("2026-01-01 09:30 CST", ZoneInfo("Asia/Shanghai"), "2026-01-01T01:30"),
        ("2012-05-01 09:30 MSK", ZoneInfo("Europe/Moscow"), "2012-05-01T05:30"),
        ("2026-10-25 01:30 BST", LONDON, "2026-10-25T00:30"),
        ("2026-10-25 01:30 GMT", LONDON, "2026-10-25T01:30"),
        # An hour that the clocks skip, and one that they show twice.
        ("2026-03-29 01:30", LONDON, "2026-03-29T01:30"),
        ("2026-10-25 01:30", LONDON, "2026-10-25T00:30"),
        ("2026-03-08 02:30", NEW_YORK, "2026-03-08T07:30"),
        ("2026-11-01 01:30", NEW_YORK, "2026-11-01T05:30"),
        ("1777627800", SYDNEY, "2026-05-01T09:30"),
    ],
)
def test_a_date_without_an_offset_is_in_the_zone(written: str, zone: ZoneInfo, meant: str) -> None:
    assert read_date(written, zone) == datetime.fromisoformat(meant).replace(tzinfo=UTC)


def test_zones_are_found_in_any_case_and_by_no_path() -> None:
    assert str(find_zone("europe/BERLIN")) == "Europe/Berlin"
    assert find_zone("UTC")
    for name in ("", "Europe", "CEST", "../zones", "Europe/../Europe/Berlin", "/etc/localtime"):
        assert find_zone(name) is None


@given(st.integers(0, 9990 * 365 * 86_400), st.integers(-14 * 60, 14 * 60))
def test_programs_and_this_one_agree_on_dates(seconds: int, minutes: int) -> None:
    meant = datetime(2, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    offset = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"
    local = (meant + timedelta(minutes=minutes)).replace(tzinfo=None)
    for separator in (" ", ""):
        assert read_date(f"{local.isoformat()}{separator}{offset}") == meant
        assert read_date(f"{local.isoformat(' ')}{separator}UTC{offset[:3]}:{offset[3:]}") == meant
    assert read_date(meant.isoformat(" ").replace("+00:00", " UTC")) == meant
    assert read_date(format_datetime(meant, usegmt=True)) == meant
    assert (
        read_date(f"{local:%A, %B} {local.day}, {local.year:04} {local:%I:%M:%S %p} {offset}")
        == meant
    )


DATES = (
    "2021-05-01|T|10:00:00| |+05:00| -0500|Z| GMT|Sat,|01| May| 2021|1 Jan|9999999999999999999"
    "| PM|/|.| CEST|[Europe/Berlin]|(x)"
)
date_like = st.lists(st.sampled_from(DATES.split("|")) | st.text(max_size=2), max_size=8)


@given(date_like.map("".join))
@example("1 Jan 2021\n+05:009999999999999999999")
@example("0001-01-01 Europe/Berlin")
@example("9999-12-31 23:59 PST")
def test_any_text_is_a_date_in_utc_or_none(text: str) -> None:
    with suppress(DateError):
        assert read_date(text).utcoffset() == timedelta(0)


@pytest.mark.parametrize("zone", ["XXX+5", "Asia/Tokyo"])
def test_a_date_is_the_same_wherever_the_machine_is(zone: str) -> None:
    code = (
        "from feeds.parsing.dates import *; print(read_date('2021-05-01'), read_date('1 May 2021 "
        "10:00 JST'), read_date('2021-05-01 10:00', find_zone('Europe/Berlin')))"
    )
    # No zones of the system either.
    far = os.environ | {"TZ": zone, "PYTHONTZPATH": "", "LC_ALL": "de_DE.UTF-8"}
    shown = subprocess.check_output([sys.executable, "-c", code], env=far, text=True)
    assert (
        shown == "2021-05-01 00:00:00+00:00 2021-05-01 01:00:00+00:00 2021-05-01 08:00:00+00:00\n"
    )


@pytest.mark.parametrize(
    "text", ["2021" + " " * 20_000 + "x", "1 " * 20_000, "May " * 24, "+" * 99]
)
def test_no_text_takes_long_to_be_no_date(text: str) -> None:
    with within(1), pytest.raises(DateError):
        read_date(text)


@pytest.mark.postgresql
def test_the_time_zone_of_a_site_is_where_its_dates_are(site: SiteBuilder) -> None:
    keys = {"title": "T", "url": "https://e.example/"}
    related = [{"webUrl": "https://other.example/", "publishedDateTime": "2026-05-01 09:30"}]
    site.configure(**keys)
    site.write("a.md", publishedDateTime="2026-05-01 09:30:00", related=related)
    site.write("b.md", publishedDateTime="2026-05-01 09:30:00Z")

    def dates() -> list[str]:
        articles = site.publication().articles.by_file(["articles/a.md", "articles/b.md"])
        found = [each.published for each in articles.values()]
        found += [other.published for other in articles["articles/a.md"].related if other.published]
        return [f"{date:%d %H:%M}" for date in found]

    assert dates() == ["01 09:30", "01 09:30", "01 09:30"]
    site.configure(**keys, timezone="australia/sydney")
    assert dates() == ["30 23:30", "01 09:30", "30 23:30"]
    site.configure(**keys, timezone="Europe/Berlin")
    assert dates() == ["01 07:30", "01 09:30", "01 07:30"]
    assert site.catalog().sync(site.publication()._site_folder).read == 0
    site.configure(**keys)
    assert dates() == ["01 09:30", "01 09:30", "01 09:30"]


def test_pages_and_problems_have_the_days_of_the_sites_zone(site: SiteBuilder) -> None:
    site.configure(title="T", url="https://e.example/", timezone="Europe/Berlin")
    site.write("a.md", publishedDateTime="2026-05-01", topics=["A"])
    site.write("b.md", publishedDateTime="2026-05-01", embargo="2206-01-01")
    for path in ("/", "/topics/a/"):
        page = site.published(path).decode()
        assert 'datetime="2026-04-30T22:00:00+00:00">1 May 2026<' in page
        assert "30 April" not in page
    (problem,) = site.publication().problems()
    assert problem.message.endswith("is in the future: the article is held back until 2206-01-01")


def test_days_at_the_ends_of_the_calendar_are_shown(site: SiteBuilder) -> None:
    keys = {"title": "T", "url": "https://e.example/"}
    site.write("first.md", publishedDateTime="0001-01-01T00:00:00Z")
    site.write("last.md", publishedDateTime="9999-12-31T23:59:59Z")
    for zone in ("Pacific/Kiritimati", "America/Los_Angeles"):
        site.configure(**keys, timezone=zone)
        assert ">1 January 1<" in site.published("/").decode()
        (problem,) = site.publication().problems()
        assert "until 9999-12-31" in problem.message
