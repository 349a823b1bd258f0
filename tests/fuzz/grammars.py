"""The vocabularies of the inputs, and examples from this repository to mutate."""

from __future__ import annotations

from pathlib import Path

from feeds.dialects import DIALECTS
from tests.dialects import fixture
from tests.fuzz.inputs import Grammar
from tests.support import CORPUS

_ARTICLES = Path(__file__).parents[1] / "articles"
_MAX_EXAMPLE_CHARS = 8_000
_MAX_CORPUS_EXAMPLES = 60


def _read(folder: Path, most: int, *endings: str) -> list[str]:
    files = sorted(file for file in folder.rglob("*") if file.suffix in endings and file.is_file())
    step = max(1, len(files) // most)
    texts = [file.read_bytes().decode("utf-8", "replace") for file in files[::step]]
    return [text[:_MAX_EXAMPLE_CHARS] for text in texts if text]


_ARTICLE_TEXTS = _read(_ARTICLES, 1_000, ".md", ".html")
_ARTICLE_TEXTS += _read(CORPUS, _MAX_CORPUS_EXAMPLES, ".md")

_KEYS = (
    "title name webUrl originalUrl ampWebUrl cdnAmpWebUrl publishedDateTime updatedDateTime id"
    " formerly"
    " excerpt featuredContent topics category type provider images actions related quality heat"
    " published removed draft status publishDate expires password build"
    " duration explicit season episode episodeType transcript chapters people length"
    " url width height attribution domain authors role group language secured"
).split()
_VALUES = [
    *("T", "https://a.example/b", "2026-01-01", "2026-01-01T10:00:00+02:00"),
    *("0001-01-01T00:00:00+23:59", "May 1, 2026 9:30 PM CEST", "1 May 26 09:30 [Europe/Berlin]"),
    *("9999-12-31T23:59:59-23:59", "2026-06-30T23:59:60Z", "2026-02-30", "1e9", "-1"),
    *("99999999999999999999",),
    *("/media/a.jpg", "../../etc/passwd", "b.mp3?x=1#y", "PT1H2M3S", "1:02:03"),
    *("PT" + "9" * 40 + "S",),
    *("[AI, ML]", "[]", "{}", "{name: x}", "[{url: /a.jpg, width: 9}]", "[[[[a]]]]", "''"),
    *('"\\u0041\\x00"',),
    *("|\n  a\n  b", ">\n  a\n\n  b", "&a x", "*a", "!!binary QUJD", "!!python/object:os.system x"),
    *("? a",),
    *("'<iframe src=\"https://player.vimeo.com/video/1\"></iframe>'", "'<video src=a.mp4>'"),
    *("'<b>x'",),
    *("mailto:a@b.example", "javascript:alert(1)", "//a.example/", "urn:x:y"),
    *("http://[::1]:99999/", "http://é.example/"),
    *("yes", "no", "~", "full", "en-GB", "x" * 300),
]  # fmt: skip
_START = "---\ntitle: T\nwebUrl: https://a.example/b\npublishedDateTime: 2026-01-01\n"

FRONT_MATTER = Grammar(
    tokens=[
        *(f"{key}: " for key in _KEYS), *(f"{value}\n" for value in _VALUES), *_VALUES,
        *(f"{key}: {value}\n" for key in _KEYS for value in _VALUES[:9]),
        *(f"- {value}\n" for value in _VALUES[:16]), *(f"  {key}: x\n" for key in _KEYS),
        "\n", "- ", "  ", ": ", "? ", "<<: *a\n", "&a ", "*a ", "[", "]", "{", "}", ", ", "---\n",
    ],
    examples=[text for text in _ARTICLE_TEXTS if text.startswith("---")],
    families=[
        ["topics:\n", "- t{n}\n", "- {w} {w}\n", "- t\n", "- ''\n"],
        ["images:\n", "actions:\n", "- /a{n}.jpg\n", "- {url: /a{n}.mp3}\n", "- x:\n"],
        ["related:\n", "- https://a.b/{n}\n", "- {webUrl: ftp://x}\n", "- {title: x}\n", "- [a]\n"],
        ["k{n}: 1\n", "a: 1\n", "{w}: &a{n} x\n", "b{n}: *a\n", "c{n}: {<<: *a}\n", "a: &a [x]\n"],
        ["[", "{", "[a: ", "? ", "- ", "x: ", "- - ", "'", '"', "&a ", "!!a "],
        ["excerpt: \"", "Ã", "‚", "â€", "œ", "&amp;", "&#9", "9", "é ", "\u0301", "“", '"'],
        ["featuredContent: '", "<div>", "<td>", "<svg>", "</x>", '<iframe src="https://a.b/{n}">'],
        ["people:\n", "transcript:\n", "- {name: A{n}, role: b}\n", "- {url: /a{n}.vtt}\n"],
        ["excerpt: >\n", " a\n", "\n", "  b\n", "#\n", "excerpt: |\n", " \n"],
        ["originalUrl: https://a.b/", "a/", "../", "%", "é", "//", "?", "\n", "@", "."],
        ["duration: ", "quality: ", "updatedDateTime: ", "9", "0", ":", "-", "T", "\n", "1e", "."],
    ],
    shapes=[
        [("topics:\n", 1), ("- t{n}\n", 20_000)],
        [("excerpt: \"", 1), ("Ã", 8_000), ("‚", 8_000), ('"', 1)],
        [("excerpt: \"&#", 1), ("9", 5_000), (';"', 1)],
        [("featuredContent: '", 1), ("<div>", 20_000), ("'", 1)],
        [("images:\n", 1), ("- /a{n}.jpg\n", 20_000)],
        [("images:\n", 1), ("- {url: 'ftp://x'}\n", 20_000)],
        [("x: ", 1), ("[a: ", 20_000)],
        [("m{n}: &m{n} {k{n}: 1}\n", 1_000), ("z{n}: {<<: *m1}\n", 1_000)],
    ],
    before=_START, after="\n---\nBody\n",
)  # fmt: skip

_TAGS = (
    "a abbr audio b base blockquote body br button caption center cite code col colgroup dd"
    " del details"
    " div dl dt em embed fieldset figure font form frameset h1 h6 head hr html i iframe img"
    " input ins"
    " kbd label li link listing marquee math meta mglyph mi mtext nobr noembed noframes"
    " noscript object"
    " ol optgroup option p param picture plaintext pre q rp rt ruby s script select source"
    " span strike"
    " style sub summary sup svg foreignObject desc table tbody td template textarea tfoot th thead"
    " time title tr track tt u ul use var video wbr xml xmp annotation-xml"
    " amp-img amp-video lite-youtube g-emoji"
).split()
_ATTRIBUTES = [
    *(' href="https://a.example/b"', ' href="javascript:x()"', " href=/x", ' src="a.jpg"'),
    *(" src=//b.c/d",),
    *(' src="https://www.youtube.com/embed/abc"', ' src="https://archive.org/x"', ' onclick="y()"'),
    *(" onerror=z()", ' style="display:none"', ' style="width:0;height:0"', ' id="a"', " hidden"),
    *(' class="x"', ' width="1"', ' height="1"', " width=9999999999", ' alt="<b>"'),
    *(' title="</p>"',),
    *(' srcset="a 1x"', " poster=p.jpg", ' cite="x"', " colspan=1000", " start=-1"),
    *(' xlink:href="#a"', " data-src=b.jpg", ' data-srcset="c 1w,d 2x"', ' src=""', " data=e.svg"),
    *(" src=data:image/png,x", " src=blank.gif", " class=emoji", ' alt="🙂"', " videoid=f"),
    *(' type="image/svg+xml"', " viewBox='0 0 99 99'", " aria-hidden=true", " src=blob:x"),
    *(' data-frame="https://a.b/ 1 1"', ' href="data:text/html,x"', " a", " =", ' "', " '"),
]  # fmt: skip
_MARKDOWN = [
    *("# ", "## ", "> ", "- ", "* ", "1. ", "    ", "\t", "```\n", "~~~\n", "``", "`", "***", "__"),
    *("~~",),
    *("[a](b)", "[a](<b c> 'd')", "![a](b.jpg)", "[a][b]", "[b]: /c\n", "[^1]", "[^1]: x\n"),
    *("<https://a.b>",),
    *("| a | b |\n", "|---|---|\n", "|a", "|-", "|\n", "www.a.b ", "https://a.b/c(d) ", "a@b.c "),
    *("---\n", "===\n"),
    *("{{ a }}", "{% raw %}", "{% endraw %}", "{{", "{%", "{{site.a", "{% highlight a %}"),
    *("{% comment %}",),
    *("\\\n", "  \n", "\n", "\n\n", "word ", "“quoted” ", "é "),
]  # fmt: skip
_BODIES = [text.split("\n---\n", 1)[-1] for text in _ARTICLE_TEXTS]

_FAMILIES = [
    ["|a", "|-", "a|\n", "|\n", "a|", "-|", "|:-", "\\|", "`|"],
    ["<b>", "<b id={n}>", "<i>", "<p>x", "</b>", "</p>", "<a href=/{n}>", "<font>", "<p>", "<div>"],
    [
        "[^{n}]",
        "[^{n}]: x\n",
        "[^1]",
        "[^1]: y\n",
        '<a href="#fnref-',
        " data-footnote-backref",
        "x",
    ],
    [" on{w}=a", "<a on{w}=b>", "<a", ">", " {w}=b", "<script>", "javascript:", '"', " on{w}"],
    ["<td>", "<tr>", "<table>", "</table>", "<svg>", "<math>", "<mtext>", "</x>", "x", "<th>"],
    ["<div>", "</div>", "<ul>", "<li>", "<dl><dd>", "<blockquote>", "</q>", "<pre>\n", "x", "<br>"],
    ["> ", "- ", "1. ", "    ", "\t", "a\n", "\n", "* ", "```\n", "~~~"],
    ["*", "_", "**a", "~~", "`", "[", "](", "![", "<", "\\", "[a]: <b> \n", "[a]"],
    [
        "{{",
        "{%",
        "{% raw %}",
        "{{site.a",
        "`",
        "\n    ",
        "{{ 'a' |",
        "{% if a",
        "<code>",
        "</code>",
    ],
    ["Ã", "‚", "â€", "œ", "Â", "é", "“", "\u0301", "\x85", "&Atilde;", "&#195;", "\ufffe", " "],
    ["&amp;", "&#{n};", "&#9", "9", "&", "&#x", "&nbsp;", "&#99999999", ";", "&lt;"],
    [
        '<iframe src="https://a.b/{n}">',
        "</iframe>",
        '<img src="a{n}.jpg" alt="',
        '">',
        "<video src=a>",
    ],
    [
        "<noscript>",
        "</noscript>",
        "<img data-src=a{n}.jpg>",
        "<img alt=x>",
        "<object data=a>",
        "<picture><source srcset='a,",
        " 1w,",
        "'>",
        "<video>",
        "<svg>",
        "x",
    ],
    ['<a href="', "../", "a/", "%41", "é", "@", "a.", "http://", '">x</a>', "?", "#", " ", "/"],
    [
        "<!--",
        "-->",
        "<!",
        "<?",
        "<![CDATA[",
        "]]>",
        "<script>",
        "</script",
        "<style>",
        "<noscript>",
    ],
    ['<p style="', "display:none", "a:b;", "font-size:0", ";", '">x', "<span hidden>", "</span>"],
]

#: Links to other articles, and what generators mean by other signs.
_REFERENCES = [
    "[[", "]]", "![[a.png|300]]", "[[a#b|c]]", "[[draft]]", "](@/a.md)", "](a.md#b)", "](draft.md)",
    "{% post_url a %}", "[x]({% link a %}#b)", '{{< ref "a" >}}', '[x]({{< relref path="a" >}})',
    "{% post_link a b %}", "{filename}a.md", "|filename|a.md", "{{ a }}", "{% b %}", "{% youtube",
    "{% asset_img a.png 'b' %}", "{{ youtube(id=\"abcdefg\") }}", "{% code %}", "{% endcode %}",
    "!!! note\n    ", '??? a "b"\n    ', '=== "a"\n    ', "\n:::tip b\n", "\n:::\n", "%%", "==a==",
    " ^a\n",
]  # fmt: skip
BODY = Grammar(
    tokens=[
        *(f"<{tag}>" for tag in _TAGS), *(f"</{tag}>" for tag in _TAGS),
        *(f"<{tag}" for tag in _TAGS),
        *(f"<{tag}{attribute}>" for tag in ("a", "p", "img", "iframe", "div", "svg", "video", "td")
          for attribute in _ATTRIBUTES),
        *_ATTRIBUTES, *_MARKDOWN, *_MARKDOWN, *_MARKDOWN, *_REFERENCES,
        "<", ">", "/>", "<!--", "-->", "</",
    ],
    examples=[*_BODIES, *(f"<div>{text}" for text in _BODIES[:40])],
    families=_FAMILIES,
    shapes=[
        [("|a", 700), ("\n", 1), ("|-", 700), ("\n", 1), ("a|\n", 20_000)],
        [("<p>", 1), ("<b id={n}>", 390), ("</p>", 1), ("<p>x", 20_000)],
        [("x[^1]\n\n[^1]: y\n\n<i>\n", 1), ('<a href="#fnref- data-footnote-backref', 2_000)],
        [("[^{n}] ", 2_000), ("\n\n", 1), ("[^{n}]: y\n", 2_000)],
        [("<p>script:<a", 1), (" on{w}=a", 7_000), (">", 1), ("x ", 20_000)],
        [("<svg>", 1), ("<td>", 8_000), ("</x>", 8_000)],
        [("<div>", 399), ("<i>x</i>", 20_000)],
        [("Ã", 8_000), ("‚", 8_000)],
        [("{{x ", 1), ("`\n    a", 20_000)],
        [("&#", 1), ("9", 5_000), (";", 1)],
        [("<a href=/{n}>x", 20_000)],
        [("<object>", 390), ("<img alt=x>", 8_000)],
        [("<noscript><p>x</noscript>y", 3_000)],
        [("<img srcset='", 1), (" ,", 30_000), ("'>", 1)],
        [("> ", 8_000), ("- ", 8_000)],
        [("[[a]]", 10_000)], [("[[", 20_000)], [("[[a|", 15_000)], [("![[a.png]]", 6_000)],
        [("{% link", 9_000)], [("{{", 30_000)], [("{%", 30_000)], [("{{< ref ", 8_000)],
        [("%%", 1), ("a==", 20_000)], [(" ^a", 20_000)], [("!!! a\n\n\n", 7_000)],
        [("!!! a\n    ", 6_000)], [("    !!! a\n", 6_000)], [(":::tip\n", 8_000)],
        [("[x](a.md)", 7_000)], [("{% youtube a", 5_000)], [("{% asset_img ", 5_000)],
    ],
)  # fmt: skip

#: A feeds.yaml with every key.
SITE = """\
title: Fuzzed site
url: https://feeds.example.org/sub/
description: A description
language: en-GB
id: tag:example.org,2020:site
author: {name: Ann, uri: "https://a.example/", email: a@a.example}
icon: /media/a.jpg
logo: /media/a.jpg
rights: All of them
max_age: 60
stale_while_revalidate: 3600
articles: articles
limit: 5
content: full
unpublished: false
future: false
timezone: Europe/Berlin
related_in_rss: true
podcast: {image: /media/a.jpg, category: Technology, explicit: no, author: Ann, type: episodic,
  owner: {name: Ann, email: a@a.example}, copyright: Ann}
topics:
- {name: Sea life, slug: sea-life, aliases: [Ocean], formerly: [seas], parent: AI, description: Wet}
- name: AI
feeds:
- {name: top, title: Top, any: [AI, Sea life], all: [], none: [Gossip], min_quality: 7,
  provider: [mint], type: [article], category: [news], since: 30d}
- {name: found, q: sea words}
"""
_SITE_KEYS = (
    "title url description language id author icon logo rights max_age stale_while_revalidate hub"
    " articles limit content unpublished future timezone math related_in_rss podcast catalog"
    " topics feeds name slug aliases formerly parent any all none min_quality provider type"
    " category since q image explicit owner email uri copyright"
).split()
_SITE_VALUES = [
    *_VALUES, "[a]", "30d", "9999999999w", "2h", "-5", "../..", "/", "articles", "C++", "日本語",
    "a/b", '"a\\nb"', "rss.xml", "archive", "topics", "summary", "https://a.example/?q#f", "CON",
    "a" * 200,
]  # fmt: skip

CONFIGURATION = Grammar(
    tokens=[
        *(f"{key}: {value}\n" for key in _SITE_KEYS for value in _SITE_VALUES[:25]),
        *(f"{key}: " for key in _SITE_KEYS), *(f"{value}\n" for value in _SITE_VALUES),
        *(f"- {{name: {value}}}\n" for value in ("AI", "C#", "x", "rss.xml", "ai", "Sea life")),
        *(f", {key}: {value}" for key in _SITE_KEYS[-22:] for value in ("AI", "[AI]", "x", "1")),
        "topics:\n", "feeds:\n", "- ", "  ", "{", "}", "[", "]", ", ", "\n", "&a ", "*a\n",
        "<<: *a\n",
    ],
    examples=[SITE, *SITE.split("podcast: ", 1), "title: T\nurl: https://a.example/\n"],
    families=[
        ["topics:\n", "- {name: t{n}}\n", "- t{n}\n", "- {name: {w}, parent: t{n}}\n"],
        ["- {name: t{n}, aliases: [a{n}]}\n", "- {name: t{n}, formerly: [a]}\n", "topics:\n"],
        ["feeds:\n", "- {name: f{n}, any: [t{n}]}\n", "- {name: f}\n", "- {name: f{n}, q: {w}}\n"],
        ["k{n}: 1\n", "title: T\n", "tit{w}: 1\n", "a: &a{n} x\n", "b{n}: *a\n", "c: {<<: *a}\n"],
        ["articles: [", "a{n}, ", "../, ", "x", "]\n", "articles:\n", "- {w}\n", "/"],
        ["description: \"", "Ã", "‚", "â€", "&amp;", "&#9", "9", "é", '"', "language: ", "a-"],
        ["[", "{", "? ", "- ", "x: ", "'", '"', "&a ", "limit: ", "9", "0"],
    ],
    shapes=[
        [("topics:\n", 1), ("- {name: t{n}}\n", 20_000)],
        [("feeds:\n", 1), ("- {name: f{n}, any: [t{n}]}\n", 20_000)],
        [("description: \"", 1), ("Ã", 8_000), ("‚", 8_000), ('"', 1)],
        [("description: \"&#", 1), ("9", 5_000), (';"', 1)],
    ],
    before="title: T\nurl: https://a.example/\n",
)  # fmt: skip

_PARAMETERS = "topic match not provider type category min_quality since q topics Q since[]".split()
_QUERY_VALUES = [
    *("AI", "ai", "Caf%C3%A9", "C%2B%2B", "sea", "Sea+life", "all", "any", "mint", "Mint", "news"),
    *("30d", "1w"),
    *("7", "-1", "1e9", "+", "%00", "%FF%FE", "%ED%A0%80", "%22a+b%22", "-words", "%22", "*", "OR"),
    *("a*", "(", "%26amp%3B"),
    *("%26%23x27%3B", "%C3%83%E2%80%9A", "%E2%82%AC", "%2525", "a" * 199, "a%0Ab"),
    *("%26%2399999999%3B", "²", "\u0130"),
]  # fmt: skip
_QUERY_PATHS = [
    *("/custom/rss.xml?", "/custom/atom.xml?", "/custom/feed.json?", "/custom/?", "/?q=", "/?"),
]

QUERY = Grammar(
    tokens=[
        *(f"&{name}={value}" for name in _PARAMETERS for value in _QUERY_VALUES),
        *_QUERY_VALUES, *_PARAMETERS, "&", "=", ";", "%", "%2", "+", "&&", "#",
    ],
    examples=[
        f"GET {path}{query}"
        for path in _QUERY_PATHS
        for query in (
            "topic=ai&topic=sea-life&match=all&not=x", "q=sea+words&since=30d&min_quality=3",
            "provider=Mint&type=article&category=news", "q=%22the+sea%22+-number",
        )
    ],
    families=[
        ["%C3%83", "%E2%80%9A", "%E2%80", "%C2", "a+", "&q=", "%C3"],
        ["&topic=t{n}", "&topic=ai", "&not={w}", "&provider={w}", "&topic=", "&q={w}", "&{w}=1"],
        ["%26amp%3B", "%2526", "%26%23", "9", "%3B", "&q=", "%26"],
        ["%22", "-", "a", "+", "(", "*", "OR+", "&q=", "a{n}+"],
        ["&", "=", ";", "%", "+", "&since=", "9", "w", "&min_quality="],
    ],
    shapes=[
        [("%C3%83", 1_600), ("%E2%80%9A", 1_600)],
        [("%C3%83", 30), ("%E2%80%9A", 30), ("&q=", 1), ("%C3%83%E2%80%9A", 30)],
        [("%26%23", 1), ("9", 5_000), ("%3B", 1)],
        [("&topic=t{n}", 55)],
    ],
    before="GET /custom/rss.xml?q=sea",
)  # fmt: skip

_HEADER_NAMES = (
    "Accept-Encoding If-None-Match If-Match If-Modified-Since If-Unmodified-Since Range"
    " If-Range Accept"
    " Accept-Language Host Cookie Authorization Content-Length Content-Type Transfer-Encoding"
    " Origin"
    " Access-Control-Request-Method Sec-Fetch-Dest User-Agent Referer X-Forwarded-For"
    " X-Forwarded-Host X-Forwarded-Proto X-Forwarded-Prefix Expect Upgrade A-IM Forwarded"
).split()
_HEADER_VALUES = [
    *("gzip", "br;q=1, gzip;q=0.5", "zstd", "identity;q=0", "*", "*;q=0", "gzip;q=x", "br;q=1e400"),
    *("document",),
    *('"abc"', 'W/"abc"', "*", '"', 'W/"', '"a", "b", W/"c"', "Sat, 01 Jan 2028 00:00:00 GMT"),
    *("Mon, 01 Jan 99999999999999999999 00:00:00 GMT"),
    *("Mon, 01 Jan 2026 00:00:00 +99999999999999999999",),
    *("Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 0000 00:00:00 GMT"),
    *("Sunday, 06-Nov-94 08:49:37 GMT",),
    *("bytes=0-1", "bytes=-1", "bytes=5-", "bytes=0-0,2-3", "bytes=9-1"),
    *("bytes=-99999999999999999999",),
    *("bytes=99999999999999999999999-", "bytes=0-" + "9" * 5000, "bytes=²-", "lines=1-2", "bytes="),
    *("bytes", "bytes=a-b"),
    *("localhost", "a b", "[::1", "é.example", "evil.example:99999999", "0", "-1", "chunked"),
    *("GET", "null", "=?x?="),
]  # fmt: skip
_HEADER_PATHS = [
    *("/", "/rss.xml", "/atom.xml", "/feed.json", "/topics/ai/", "/topics/ai/rss.xml", "/feed.css"),
    *("/subscriptions.opml", "/media/a.jpg", "/media/b.mp3", "/healthz", "/custom/", "/no"),
    *("/topics/ai",),
    *("/%00", "/%ff", "//a.example/", "/../../etc/passwd", "/media/../feeds.yaml", "/index.html"),
    *("/custom/rss.xml?topic=ai", "/archive/2020/rss.xml", "*", "http://a.example/rss.xml"),
    *("/rss.xml/",),
]  # fmt: skip
_METHODS = ("GET", "GET", "GET", "HEAD", "OPTIONS", "POST", "PUT", "get", "TRACE")

HEADERS = Grammar(
    tokens=[
        *(f"\n{name}: {value}" for name in _HEADER_NAMES for value in _HEADER_VALUES),
        *(f"\n{name}: " for name in _HEADER_NAMES), *_HEADER_VALUES, ", ", ";q=0.1", ";", "=", '"',
    ],
    examples=[
        f"{method} {path}\n{name}: {value}"
        for number, (name, value) in enumerate(
            (name, value) for name in _HEADER_NAMES for value in _HEADER_VALUES
        )
        for method in [_METHODS[number % len(_METHODS)]]
        for path in [_HEADER_PATHS[number % len(_HEADER_PATHS)]]
    ],
    families=[
        ["\nAccept-Encoding: ", "gzip, ", ";q=0.1", ",", "*", "br;q=1e", "9"],
        ["\nIf-None-Match: ", '"a", ', 'W/"', '"', "*, ", "\nIf-Match: "],
        ["\nRange: bytes=", "0-1,", "-", "9", ",", "\nIf-Range: "],
        ["\nX-{w}: a", "\nCookie: a{n}=b;", "\nHost: ", "a.", "[", ":"],
        ["\nIf-Modified-Since: Mon, 01 Jan ", "9", "00:", " ", "\nIf-Unmodified-Since: "],
        ["/a", "%2e%2e/", "/../", "%", "?q=", "&a=b", "%C3%83", "%E2%80%9A"],
    ],
    before="GET /rss.xml",
)  # fmt: skip

#: Begins the line before each file of a folder; the rest of the line is the file's path.
FILE = "\x1c"
FOLDERS = [fixture(kind.name) for kind in DIALECTS]
_PATHS = list(dict.fromkeys(path for folder in FOLDERS for path in folder))
#: The templates and patterns of all generators, and what takes parsers long.
_SETTINGS = [
    *("/:year/:month/:day/:title/", ":categories/:sections[1:]/:slug", "{date:%Y}/{slug}"),
    *("{date:%" + "Y" * 90 + "}", "{{ page.date | date: '%Y' }}", "yyyy/MM/dd", ":" * 500),
    *("(?P<date>\\d{4}-\\d{2}-\\d{2})_(?P<slug>.*)", "(a*)*b", "(?P<slug>(.*)*)", "[a-", "(?i"),
    *("../../etc/passwd", "/etc", "~", "content", "**/*", "{a,b}", "Europe/Berlin", "Mars/Base"),
    *("https://harbour.example/notes", "//harbour.example", "http://[", "2026-05-01", "03.05.2026"),
    *("os.environ.get('A', 'b')", "open('/etc/passwd').read()", "!ENV [A, b]", "!!python/name:x"),
    *("`${a}`", "`", "/* ", "// ", "path.join(__dirname, 'content')", "{{% x %}}", "<!--more-->"),
]
_DIALECT_KEYS = [
    *("title", "date", "slug", "permalink", "url", "tags", "categories", "taxonomies", "extra"),
    *("draft", "excerpt", "summary", "lastmod", "baseURL", "baseurl", "base_url", "SITEURL"),
    *("permalinks", "cascade", "defaults", "languages", "POSTS", "ARTICLE_URL", "plugins", "blog"),
    *("FILENAME_METADATA", "SLUG_REGEX_SUBSTITUTIONS", "ignorePatterns", "post_url_format", "path"),
]
_MARKS = [
    *("---\n", "+++\n", ";;;\n", "---json\n", "---toml\n", "{", "}\n", "<!--\n", "-->\n", "===\n"),
    *(
        ".. title: A\n",
        ":date: 2026-05-01\n",
        "Title: A\n",
        "A\n=\n",
        '<meta name="date" content="',
    ),
]

FOLDER = Grammar(
    tokens=[
        *(f"\n{FILE}{path}\n" for path in _PATHS), *_SETTINGS, *_MARKS,
        *(f"{key}: {value}\n" for key in _DIALECT_KEYS for value in _SETTINGS[::3]),
        *(f"{key} = '{value}'\n" for key in _DIALECT_KEYS for value in _SETTINGS[::4]),
        *(f'"{key}": "' for key in _DIALECT_KEYS), *(f".. {key}: " for key in _DIALECT_KEYS),
        "[", "]", "(", ")", ",", "'", '"', "[[a]]\n", "[a.b]\n", "- ", "  ", "\n",
    ],
    examples=[
        "".join(f"{FILE}{path}\n{text}\n" for path, text in folder.items()) for folder in FOLDERS
    ],
    families=[
        ["---\n", "+++\n", ";;;\n", "{", "[", '"a":', "title: a\n", "k{n}: 1\n", "- a\n"],
        ["a.", "b{n} = 1\n", "[a.b{n}]\n", "[[a]]\n", "{a = ", '"""', "[", "1_0", "\n", "'"],
        [".. a{n}: b\n", ":a{n}: b\n", "a{n}: b\n", "   c\n", "\n", "<!--\n", "=====\n", "..\n"],
        ["*", "`", "|a|", "[1]_ ", "`a <b>`_ ", ".. |a{n}| replace:: |a|\n", "\n", "a_ ", "::\n"],
        [".. note::\n\n", "  ", "+-+\n", "| |\n", "== ==\n", "a b\n", "\n", "1. ", ".. [#] a\n"],
        [".. include:: /a\n", ".. raw:: html\n\n   <b>\n", ".. math:: a\n", ".. a: b\n", "\n"],
        ["<meta ", 'name="a" ', "content='", "<title>", "<body", ">", "<", "\n", "</head"],
        ["A = B + B\n", "B = 'a'\n", "B = B + B\n", "(", "[", "-", "from b import *\n", "'a' + "],
        ["/*", "*/", "//", "`", "${", "'", '"', "{", "path: '", "a: [", "\\", "\n", "siteUrl: '"],
        ["permalink: ", ":title", ":year/", "{slug}", "{date:%Y}", "/", ":a[", "]", "\n", "日"],
        ["slug: ", "title: ", "é", "日本", "-", " ", "/", "%", "..", "ß", "\n", "a", "\u0301", "!"],
        ["tags: [", "a{n}, ", "categories: ", "a, ", "]\n", "- a{n}\n", "{a: b}, ", "authors: "],
        ["date: ", "2026-05-01", "9", "T", ":", "Z", " ", "+", "May ", "\n", "/", "AM"],
        ["defaults:\n", "- {scope: {path: a{n}}, values: {a: b}}\n", "exclude:\n", "- '*a*{n}'\n"],
        ["[cascade]\n", "[[cascade]]\n", "[permalinks]\n", "a{n} = '/:a'\n", "[languages.a{n}]\n"],
        ["# ", "#", "a\n===\n", "**", "`", "[a](", ")", "{#a", "}", "<!-- more -->", "\n"],
    ],
    # A folder whose last file becomes long: a configuration, or an article's head or body.
    shapes=[
        [("".join(f"{FILE}{each}\n{folder[each]}\n" for each in folder if each != path), 1),
         (f"{FILE}{path}\n{folder[path][:cut]}", 1), (unit, 60_000)]
        for folder in FOLDERS
        for path in folder
        for cut, unit in (
            (None, "a: b\n"), (5, "title: a{n}\n"), (5, "[a"), (40, "é"), (None, "a = '"),
        )
    ],
)  # fmt: skip
