"""Pictures, players and embeds of bodies: each once, with its URL, or named as lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.errors import Problem
from feeds.parsing.article import read_article
from feeds.parsing.body.clean import Body
from feeds.parsing.body.findings import KINDS
from feeds.parsing.body.limits import BodyError
from tests.bodies import BASE, html, inspect, markdown
from tests.support import article, document, within

SITE = "https://news.example.com"
DATA = "data:image/gif;base64,R0lGODlhAQABAAAAACw="
SVG_DATA = "data:image/svg+xml,%3Csvg%20viewBox='0%200%206%204'%3E%3C/svg%3E"


def media(source: str) -> list[str]:
    """The URLs and texts of what a body shows: of pictures, of links, of files that play."""
    found = re.findall(r'<img[^>]*? src="([^"]*)"|<a href="([^"]*)"|<(?:video|audio|source)[^>]*? '
                       r'src="([^"]*)"', html(source))  # fmt: skip
    return ["".join(each).replace("&amp;", "&").removeprefix(SITE) for each in found]


def problems_of(source: str, name: str = "a.html") -> list[Problem]:
    """The problems of an article with this body; their lines count from the body's."""
    text = document(article(webUrl=BASE), source)
    _found, problems = read_article(text, name)
    first = text[: text.rindex(source)].count("\n")
    return [Problem("", each.line - first, each.code, each.message, each.hint) for each in problems]


# As each library's documentation, or a page made by it, has them.
LAZY = {
    "lozad": '<img class="lozad" data-src="/a.jpg">',
    "lozad picture": '<picture class="lozad" data-iesrc="/a.jpg" data-alt="A">'
    '<source srcset="/b.jpg" media="(min-width: 1280px)"><source srcset="/a.jpg"></picture>',
    "lazysizes": '<img data-sizes="auto" class="lazyload" src="/blur-20.jpg" data-src="/a.jpg"'
    ' data-srcset="/s.jpg 300w, /a.jpg 1500w">',
    "lazysizes after noscript": '<noscript><img src="/a.jpg"></noscript>'
    f'<img src="{DATA}" data-src="/a.jpg" class="lazyload">',
    "lazyload.js": '<img class="lazy" src="/img/grey.gif" data-original="/a.jpg">',
    "unveil": '<img src="/img/loader.gif" data-src="/a.jpg" data-src-retina="/a@2x.jpg">',
    "echo": '<img src="/img/blank.gif" data-echo="/a.jpg">',
    "flickity": '<img data-flickity-lazyload="/a.jpg">',
    "WordPress": '<img src="/a.jpg" srcset="/a.jpg 1024w, /a-300x200.jpg 300w" loading="lazy">',
    "WP Rocket": f'<img width="6" height="4" src="{SVG_DATA}" data-lazy-src="/a.jpg"'
    ' data-lazy-srcset="/a.jpg 1024w"><noscript><img width="6" height="4" src="/a.jpg"></noscript>',
    "Jetpack": f'<img src="/a.jpg" data-lazy-src="/a.jpg" srcset="{DATA}">'
    '<noscript><img data-lazy-fallback="1" src="/a.jpg"></noscript>',
    "Cloudflare": '<img data-cfsrc="/a.jpg" style="display:none;visibility:hidden">'
    '<noscript><img src="/a.jpg"></noscript>',
    "NitroPack": f'<img src="{DATA}" nitro-lazy-src="/a.jpg" nitro-lazy-empty>',
    "Optimole": f'<img src="{DATA}" data-opt-src="/a.jpg"><noscript><img src="/a.jpg"></noscript>',
    "Ghost": '<figure class="kg-card kg-image-card"><img src="/a.jpg" class="kg-image" loading=lazy'
    ' srcset="/size/w600/a.jpg 600w, /size/w1000/a.jpg 1000w"></figure>',
    "Medium": '<figure><div><img class="progressiveMedia-thumbnail" src="/max/60/a.jpg?q=20">'
    '<canvas></canvas><img class="progressiveMedia-image" data-src="/max/1600/a.jpg">'
    '<noscript><img src="/max/1600/a.jpg"></noscript></div></figure>',
    "Medium's thumbnail": '<div><img src="/resize:fit:60/a.jpg?q=20"><noscript>'
    '<img src="/resize:fit:1400/a.jpg"></noscript></div>',
    "Next.js": f'<span><img alt="" src="{DATA}" data-nimg="intrinsic"><noscript><img alt=""'
    ' srcSet="/_next/image?url=%2Fa.jpg&amp;w=640 1x" src="/_next/image?url=%2Fa.jpg&amp;w=640"'
    ' data-nimg="intrinsic" loading="lazy"></noscript></span>',
    "Gatsby": '<div><img aria-hidden="true" src="data:image/jpeg;base64,/9j/"><picture>'
    '<source type="image/webp" data-srcset="/a.webp 750w"><img style="opacity:0"'
    ' data-src="/a.jpg" data-srcset="/a.jpg 750w"></picture><noscript><picture>'
    '<source srcset="/a.webp 750w"><img src="/a.jpg"></picture></noscript></div>',
    "Gatsby's first": '<div><img src="data:image/jpeg;base64,/9j/" style="opacity:1">'
    '<img src="/a.jpg" style="opacity:0"><noscript><img src="/a.jpg"></noscript></div>',
    "Hugo": '<figure><img src="/a.jpg" loading="lazy"><figcaption>A</figcaption></figure>',
    "Substack": '<picture><source type="image/webp" srcset="/image/w_424,c_limit/a.webp 424w,'
    ' /image/w_1456,c_limit/a.webp 1456w"><img src="/a.jpg" srcset="/w_424,c_limit/a.jpg 424w">'
    "</picture>",
    "Squarespace": '<noscript><img src="/a.jpg"></noscript><img class="thumb-image"'
    ' data-src="/a.jpg" data-image="/a.jpg" data-image-dimensions="6x4" data-load="false">',
    "Squarespace without script": '<img data-image="/a.jpg" data-load="false">',
    "Zhihu": f'<img src="{SVG_DATA}" data-actualsrc="/a.jpg">',
    "AMP": '<amp-img src="/a.jpg" width="6" height="4"><noscript><img src="/a.jpg"></noscript>'
    "</amp-img>",
    "empty": '<img src="" data-src="/a.jpg">',
    "about:blank": '<img src="about:blank" data-src="/a.jpg">',
    "srcset alone": '<img srcset="/s.jpg 480w, /a.jpg 960w">',
    "densities": '<img srcset="/s.jpg, /a.jpg 2x, /l.jpg 4x">',
    "picture alone": '<picture><source srcset="/a.webp"><source srcset="/a.jpg"><img></picture>',
    "placeholder and srcset": '<img src="/i/spacer.gif" srcset="/a.jpg 1x">',
    "other value": '<img src="/a.jpg" data-src="true" data-original="{}" data-lazy="[1.5]">',
    "unknown data attribute": '<img src="/1x1.gif" data-page="/a.html" data-name="a.jpg"'
    ' data-ll="/a.jpg" data-big2="/b.jpg">',
    "unknown attribute, no src": '<img data-url="/a.jpg">',
    "Vue": '<img src="/loading.gif" v-lazy="/a.jpg">',
    "Vue's expression": '<img src="/a.jpg" v-lazy="picture.url">',
    "a picture beside": '<img src="/a.jpg" data-avatar="/b.jpg" data-src="false">',
    "Medium's old thumbnail": '<img src="https://miro.example.com/freeze/max/30/a.jpg?q=20">'
    '<noscript><img src="https://miro.example.com/max/1400/a.jpg"></noscript>',
    "link in noscript": '<a href="/a.jpg"><img data-src="/a.jpg"></a>'
    '<noscript><a href="/a.jpg"><img src="/a.jpg"></a></noscript>',
}
EXPECTED = {
    "Medium": "/max/1600/a.jpg",
    "Medium's thumbnail": "/resize:fit:1400/a.jpg",
    "Next.js": "/_next/image?url=%2Fa.jpg&w=640",
    "Medium's old thumbnail": "https://miro.example.com/max/1400/a.jpg",
}


@pytest.mark.parametrize("name", LAZY)
def test_a_picture_that_a_script_would_load_shows_once(name: str) -> None:
    source = f"<p>x</p>{LAZY[name]}<p>y</p>"
    pictures = re.findall('<img[^>]* src="([^"]*)"', html(source))
    assert [html_url.replace("&amp;", "&").removeprefix(SITE) for html_url in pictures] == [
        EXPECTED.get(name, "/a.jpg")
    ]
    assert not problems_of(source)
    assert "srcset" not in html(source)


def test_the_alternative_text_and_size_of_a_lazy_picture_stay() -> None:
    assert html(f'<img src="{DATA}" data-src="/a.jpg" alt="Boat" width="6px" height="4">') == (
        '<img src="https://news.example.com/a.jpg" alt="Boat" width="6" height="4">'
    )


@pytest.mark.parametrize(
    ("srcset", "chosen"),
    [
        ("/a.jpg 480w, /b.jpg 960w", "/b.jpg"),
        ("/a.jpg 1200w, /b.jpg 6000w", "/a.jpg"),
        ("/a.jpg 100w, /b.jpg 3000w", "/b.jpg"),
        ("/a.jpg", "/a.jpg"),
        ("/a.jpg 1x, /b.jpg 2x", "/b.jpg"),
        ("/w_1,h_2/a.jpg 2x,/b.jpg", "/w_1,h_2/a.jpg"),
        (f"{DATA} 1x, /b.jpg 9w", "/b.jpg"),
        (", ,/a.jpg 1..5w, , ", "/a.jpg"),
        (" /a.jpg\n 200w 3h,\t", "/a.jpg"),
        ("/a.jpg 0w", "/a.jpg"),
    ],
)
def test_the_candidate_nearest_to_a_readers_width_is_chosen(srcset: str, chosen: str) -> None:
    assert media(f'<img srcset="{srcset}">') == [chosen]


def test_pictures_that_are_alike_all_stay() -> None:
    gallery = "".join(
        f'<img src="/{folder}/image.jpg"><noscript><img src="/{folder}/image.jpg"></noscript>'
        for folder in "abc"
    )
    assert media(gallery) == ["/a/image.jpg", "/b/image.jpg", "/c/image.jpg"]
    assert media('<img src="/a.jpg"><img src="/a.jpg">') == ["/a.jpg", "/a.jpg"]
    others = '<noscript><img src="/x/image.jpg"></noscript><img src="/y/image.jpg">'
    assert media(others) == ["/x/image.jpg", "/y/image.jpg"]
    hidden = '<img src="/a.jpg" style="display:none"> x <noscript><img src="/a.jpg"></noscript>'
    assert media(hidden) == ["/a.jpg"]
    elsewhere = '<img data-src="/a.jpg"><p>A</p><noscript><img src="/a.jpg"></noscript>'
    assert media(elsewhere) == ["/a.jpg"]
    # Nothing better is known.
    assert media('<img src="/img/loading.gif">') == ["/img/loading.gif"]


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("<noscript>Please enable JavaScript to view <a href='/c'>comments</a></noscript>", ""),
        ("<noscript><p>This page needs JavaScript.</p></noscript>", ""),
        ("<noscript> (Highlight to read)</noscript>", ""),
        ("<script src=x></script><noscript><pre>a = 1</pre></noscript>", "<pre>a = 1</pre>"),
        (
            "<div>hidden <b>text</b></div><noscript><div>hidden text</div></noscript>",
            "<div>hidden <b>text</b></div>",
        ),
        (
            '<noscript><img height="1" width="1" style="display:none" src="/px?id=1"></noscript>',
            "",
        ),
        ('<noscript><iframe src="/ns" width="0" height="0"></iframe></noscript>', ""),
    ],
)
def test_of_a_noscript_stays_what_is_nowhere_else(source: str, left: str) -> None:
    assert html(source) == left


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ('<a href="">x</a>', "<a>x</a>"),
        ('<a href=" ">x</a>', "<a>x</a>"),
        ('<img src="">', ""),
        ('<blockquote cite="">x</blockquote>', "<blockquote>x</blockquote>"),
        ('<video src="/v.mp4" poster="">', f'<video src="{SITE}/v.mp4" controls=""></video>'),
        ('<a href="?">x</a>', f'<a href="{BASE}">x</a>'),
    ],
)
def test_an_empty_url_is_not_the_articles(source: str, left: str) -> None:
    assert html(source) == left


@pytest.mark.parametrize(
    ("source", "line", "kind", "left"),
    [
        (f'x\n<img alt="A plot" src="{DATA}">', 2, "data", f'x\n<a href="{BASE}">A plot</a>'),
        (f'<a href="/x">\n<img alt="Plot" src="{DATA}"></a>', 2, "data",
         f'<a href="{SITE}/x">\nPlot</a>'),
        ('<img alt="&lt;b>" src="blob:https://x.example/1">', 1, "picture",
         f'<a href="{BASE}">&lt;b&gt;</a>'),
        ('<img src="file:///C:/a.png" alt="">x', 1, "picture", "x"),
        ('<img alt="Boat">', 1, "picture", f'<a href="{BASE}">Boat</a>'),
        ('<img data-src="cid:1" alt="Boat">', 1, "picture", f'<a href="{BASE}">Boat</a>'),
        ('<svg viewBox="0 0 600 400" aria-label="Chart"><text>1</text></svg>', 1, "svg",
         f'<a href="{BASE}">Chart</a>'),
        ('<video src="blob:https://x.example/1" title="V"></video>', 1, "player",
         f'<a href="{BASE}">▶ V</a>'),
        ('<video src="blob:1" poster="/p.jpg"><a href="/v">V</a></video>', 1, "player",
         f'<img src="{SITE}/p.jpg"><a href="{SITE}/v">V</a>'),
        ('<audio><source src="file:///a.mp3">Old browser</audio>', 1, "player",
         f'<a href="{BASE}">▶ news.example.com</a>Old browser'),
        ('\n<iframe src="" title="Map"></iframe>', 2, "player", f'<a href="{BASE}">▶ Map</a>'),
        ('<iframe srcdoc="<p>x</p>"></iframe>', 1, "player",
         f'<a href="{BASE}">▶ news.example.com</a>'),
        ('<iframe src="https://map.example/" title="Map"></iframe>', 1, "frame",
         '<a href="https://map.example/">▶ Map</a>'),
        ('x\n<img src="/1x1.gif" lazy="/a.jpg">', 2, "placeholder",
         f'x\n<img src="{SITE}/1x1.gif">'),
        ('x\n<a href="tel:1">y</a>', 2, "link", "x\n<a>y</a>"),
        ("<object></object>x", 1, "player", f'<a href="{BASE}">▶ news.example.com</a>x'),
    ],
)  # fmt: skip
def test_what_has_no_url_is_named_and_its_text_leads_to_the_article(
    source: str, line: int, kind: str, left: str
) -> None:
    assert html(source) == left
    assert problems_of(source) == [Problem("", line, *KINDS[kind])]


def test_a_picture_in_markdown_is_named_too() -> None:
    source = f"x\n\n![Plot]({DATA}) ![]( )\n\n[y]()"
    assert markdown(source) == (f'<p>x</p>\n<p><a href="{BASE}">Plot</a> </p>\n<p><a>y</a></p>')
    messages = [KINDS[kind][1] for kind in ("data", "picture", "link")]
    found = problems_of(source, "a.md")
    assert sorted(each.message for each in found) == sorted(messages)
    assert [each.line for each in found] == [3, 3, 5]


@pytest.mark.parametrize(
    "source",
    [
        '<img src="/spacer.gif" width="600" height="10">',
        '<div hidden><img src="/spacer.gif"></div>x',
        '<span aria-hidden="true"><img src="/spacer.gif"></span>',
    ],
)
def test_a_spacer_is_no_placeholder(source: str) -> None:
    assert not problems_of(source)


def test_losses_of_a_kind_are_told_once_with_their_number() -> None:
    [problem] = problems_of(f'<img src="{DATA}">\n' * 3_000)
    assert problem.line == 1
    assert problem.message == "the body contains a picture with a data: URL (and 2,999 more)"


@pytest.mark.parametrize(
    "source",
    [
        '<svg width="16" height="16"><path></path></svg>',
        '<svg viewBox="0 0 24 24"><title>Share</title></svg>',
        '<svg aria-hidden="true" viewBox="0 0 512 512"></svg>',
        '<svg style="display:none"><symbol></symbol></svg>',
        '<span class="icon" aria-hidden="true"><svg></svg></span>',
        '<svg width="9"><a xlink:href="#a" xlink:title="b" xml:lang="en">c</a></svg>',
        f'<img src="{DATA}" width="1" height="1">',
        f'<div style="display:none"><img src="{DATA}"><iframe></iframe></div>',
        '<iframe src="about:blank" style="display:none"></iframe>',
    ],
)
def test_icons_and_what_is_hidden_are_no_loss(source: str) -> None:
    assert html(f"x{source}") == "x"
    assert problems_of(f"x{source}") == []


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ('<img src="https://s.w.org/images/core/emoji/72x72/1f642.png" alt="🙂" class="wp-smiley"'
         ' style="height: 1em; max-height: 1em;">', "🙂"),
        ('<img src="/icon_smile.gif" alt=":)" class="wp-smiley">', ":)"),
        ('<img class="emoji" draggable="false" alt="👩‍🚀" src="https://t.example/72x72/1f469.svg">',
         "👩‍🚀"),
        ('<img src="https://abs.example.com/emoji/v2/72x72/2764.png" alt="❤️">', "❤️"),
        ('<g-emoji class="g-emoji" alias="smile" fallback-src="/1f604.png">😄</g-emoji>', "😄"),
        ('<g-emoji><img class="emoji" alt=":octocat:" src="/octocat.png" height="20"></g-emoji>',
         ":octocat:"),
        ('<img class="emoji" title=":heart:" alt=":heart:" src="/twitter/2764-fe0f.png?v=12">',
         "❤\ufe0f"),
        ('<img src="/html/emoticons/1f642.png" alt=":slightly_smiling_face:">', "🙂"),
        ('<img class="emoji" src="/72x72/1f1e9-1f1ea.png" alt="">', "🇩🇪"),
        ('<img src="/x.png" alt="🎉" width="20" height="20">', "🎉"),
        (f'<img class="emoji" alt="🙂" src="{DATA}">', "🙂"),
    ],
)  # fmt: skip
def test_an_emoji_that_is_a_picture_becomes_text(source: str, text: str) -> None:
    assert html(f"<p>Hi {source} there</p>") == f"<p>Hi {text} there</p>"
    assert problems_of(f"<p>Hi {source} there</p>") == []


@pytest.mark.parametrize(
    "attributes",
    [
        'src="/heart.jpg" alt="❤️"',
        'src="/emoji/cover.jpg" alt="A history of emoji"',
        'src="/emoji/cover.jpg" alt="🙂" width="640" height="360"',
        'src="/smilies/16x16_happy.png" alt="Smiley Happy" class="smiley"',
        'src="/a.jpg" alt="1" width="20" height="20"',
        'src="/emoji/d800.png" alt=""',
    ],
)
def test_a_picture_that_is_no_emoji_stays(attributes: str) -> None:
    assert media(f"<img {attributes}>") == [re.findall('src="(.*?)"', attributes)[0]]


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("<video autoplay loop muted playsinline width=320><source src=/v.mp4 type=video/mp4>"
         "</video>", f'<video width="320" controls=""><source src="{SITE}/v.mp4" type="video/mp4">'
         "</video>"),
        ("<audio autoplay src=/a.mp3></audio>", f'<audio src="{SITE}/a.mp3" controls=""></audio>'),
        ('<video controls src="/v.mp4"></video>',
         f'<video controls="" src="{SITE}/v.mp4"></video>'),
        ('<video class="lozad" data-poster="/p.jpg"><source data-src="/v.mp4"></video>',
         f'<video poster="{SITE}/p.jpg" controls=""><source src="{SITE}/v.mp4"></video>'),
        ('<video src="/v.mp4" poster="https://img.spacer.example/spacer.png"></video>',
         f'<video src="{SITE}/v.mp4" controls=""></video>'),
        (f'<video src="/v.mp4" poster="{DATA}"></video>',
         f'<video src="{SITE}/v.mp4" controls=""></video>'),
        ('<video src="/v.mp4"><track kind="captions" src="/v.vtt" srclang="en" label="English"'
         " default><track></video>",
         f'<video src="{SITE}/v.mp4" controls=""><track kind="captions" src="{SITE}/v.vtt"'
         ' srclang="en" label="English"></video>'),
        ("<video><source src='blob:1'><source src=/v.mp4>Old? <a href=/v.mp4>Load</a></video>",
         f'<video controls=""><source src="{SITE}/v.mp4">Old? <a href="{SITE}/v.mp4">Load</a>'
         "</video>"),
    ],
)  # fmt: skip
def test_a_player_has_controls_and_its_own_urls(source: str, left: str) -> None:
    assert sorted(re.findall(r"[^\s<>]+", html(source))) == sorted(re.findall(r"[^\s<>]+", left))
    assert problems_of(source) == []


YOUTUBE = "https://www.youtube.com/embed/abc_DEF-123"


@pytest.mark.parametrize(
    "source",
    [
        f'<iframe class="lazyload" data-src="{YOUTUBE}" title="A film"></iframe>',
        f'<iframe src="about:blank" data-lazy-src="{YOUTUBE}" title="A film"></iframe>'
        f'<noscript><iframe src="{YOUTUBE}" title="A film"></iframe></noscript>',
        f'<iframe src="" data-cookieblock-src="{YOUTUBE}" title="A film"></iframe>',
        f'<div class="rll-youtube-player" data-src="{YOUTUBE}"></div>'
        f'<noscript><iframe src="{YOUTUBE}" title="A film"></iframe></noscript>',
        '<lite-youtube videoid="abc_DEF-123" playlabel="A film"></lite-youtube>',
        '<amp-youtube data-videoid="abc_DEF-123" width="4" title="A film"></amp-youtube>',
        f'<embed src="{YOUTUBE}" title="A film">',
        f'<object data="{YOUTUBE}" title="A film"></object>',
    ],
)
def test_a_player_that_a_script_would_load_stays_one(source: str) -> None:
    left = html(source)
    assert '<a href="https://www.youtube.com/watch?v=abc_DEF-123"' in left
    assert f'data-frame="{YOUTUBE} ' in left
    assert left.count("<a ") == 1
    assert ">▶ A film</a>" in left
    assert problems_of(source) == []


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ('<object data="/d.svg" type="image/svg+xml"><img src="/d.png"></object>',
         f'<img src="{SITE}/d.png">'),
        ('<object data="/d.svg" type="image/svg+xml">A drawing</object>',
         f'<img src="{SITE}/d.svg" alt="A drawing">'),
        ('<object data="/d.pdf"><p>See <a href="/d.pdf">the file</a></p></object>',
         f'<p>See <a href="{SITE}/d.pdf">the file</a></p>'),
        ('<embed src="/v.mp4" type="video/mp4">',
         f'<video src="{SITE}/v.mp4" controls=""></video>'),
        ("<object>Only text</object>", "Only text"),
        ('<object data="javascript:x">Only text</object>', "Only text"),
        ('<object data="/a"><object data="/b"><img src="/c.png"></object></object>',
         f'<img src="{SITE}/c.png">'),
    ],
)  # fmt: skip
def test_an_object_becomes_what_shows_in_it_or_what_it_embeds(source: str, left: str) -> None:
    assert html(source) == left
    assert [each for each in problems_of(source) if each.code == "lost-media"] == []


def test_the_flash_player_of_a_video_leads_to_its_page() -> None:
    source = (
        '<object width="425"><param name="movie" value="https://www.youtube.com/v/abc&hl=en">'
        '<embed src="https://www.youtube.com/v/abc&hl=en" type="application/x-shockwave-flash">'
        "</object>"
    )
    assert media(source) == ["https://www.youtube.com/watch?v=abc"]


def test_a_script_that_shows_a_page_becomes_a_link_to_it() -> None:
    source = "<p>x</p><script src='https://gist.github.com/someone/12ab.js?file=a.py'></script>"
    assert (
        html(source)
        == '<p>x</p><a href="https://gist.github.com/someone/12ab">▶ gist.github.com</a>'
    )
    assert [each.code for each in problems_of(source)] == ["unsafe-body"]


@pytest.mark.parametrize(
    "unit",
    [
        "<img alt=x>", "<noscript><p>x</noscript>y", "<object data=x>x</object>", "<svg></svg>",
        "<img data-src=a.jpg><noscript><img src=a.jpg></noscript>", "<video></video>",
        "<picture><source srcset=a></picture>", "<amp-img src=a></amp-img>", "<a href=tel:1>x</a>",
    ],
)  # fmt: skip
@pytest.mark.parametrize("around", ["", "<object>" * 380])
def test_64_kb_of_media_take_little_time_and_room(unit: str, around: str) -> None:
    source = around + unit * ((64 * 1024 - len(around)) // len(unit))
    with within(4):
        found, problems = read_article(document(article(webUrl=BASE), source), "a.html")
    assert len(problems) < 5
    assert found
    assert len(found.body) < 10 * len(source) + 20_000


@pytest.mark.parametrize(
    "source",
    ["/" + "_loading" * 8_000, "/emoji" * 10_000, "/" + "emoji" * 12_000, "/" + "-1x1" * 16_000],
)
def test_a_long_name_takes_no_time(source: str) -> None:
    with within(1):
        html(f'<img src="{source}" alt=":x:"><noscript><img src="{source}1"></noscript>')


@pytest.mark.parametrize("srcset", ["," * 60_000, "a," * 30_000, "a 1w," * 12_000, " ," * 30_000])
def test_a_long_srcset_takes_no_time(srcset: str) -> None:
    with within(1):
        html(f'<img srcset="{srcset}">')


def test_links_to_the_article_in_place_of_pictures_have_a_limit() -> None:
    with pytest.raises(BodyError):
        Body("<img alt=x>" * 6_000, is_html=True).clean(f"{SITE}/{'a' * 10_000}")


PIECES = [
    *(
        "<img",
        "<iframe",
        "<video",
        "<source",
        "<object",
        "<embed",
        "<svg",
        "<picture",
        "<noscript>",
    ),
    *("</noscript>", "<amp-img", "<lite-youtube", "</video>", "</object>", "</picture>", "<a>"),
    *(">", "</a>", " src=", " data-src=", " srcset=", " data=", " alt=", " class=emoji", "/a.jpg"),
    *('""', "'<b>'", DATA, "javascript:x", "a 1w, b", " videoid=x", "text", "<param value=x>", " "),
]


@given(st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
def test_whatever_the_media_a_body_is_clean_and_stays_so(source: str) -> None:
    cleaned = html(source)
    inspect(cleaned)
    without_frames = re.sub(' data-frame="[^"]*"', "", cleaned)
    assert html(without_frames) == without_frames
