"""Front matter of every syntax as one mapping, as yaml_text has it: text, lists, mappings, lines.

A syntax is YAML between lines of three or more dashes, TOML between +++, JSON in braces, and what
single generators have besides. Values are text as the author wrote it, as far as the syntax tells.
"""

import html
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple, TypeAlias

from feeds.parsing import yaml_text
from feeds.parsing.toml_lines import read_plain_lines
from feeds.parsing.yaml_text import MAX_DEPTH, YAMLList, YAMLMapping, YAMLTextError, YAMLValue
from feeds.text.repair import find_forbidden, repair

#: More characters of another syntax than YAML are hardly front matter.
MAX_CHARS = 100_000
#: Python writes no longer numbers as text.
_MAX_BITS = 10_000
_HINT = "an article begins with YAML between two lines of ---"


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """A file's keys and its body."""

    values: YAMLMapping
    body: str
    #: Line of the file on which the body begins, from 1.
    body_line: int
    #: As (line, key): the last value of a key is used.
    duplicates: Sequence[tuple[int, str]] = ()
    #: The first character of the file that is not allowed in feeds, and its line.
    forbidden: tuple[str, int] | None = None
    #: The keys that problems name instead of ours: those that the author wrote, or could write.
    names: Mapping[str, str] = field(default_factory=dict)
    #: True for a body in HTML, False for Markdown; None if the file's ending decides.
    is_html: bool | None = None
    #: The beginning of the body that is its excerpt, where no key has one.
    summary: str = ""
    #: False for a page that may be no article: what it lacks is no mistake then.
    is_article: bool = True


class NoFrontMatterError(YAMLTextError):
    """The text has no front matter."""

    def __init__(self, text: str) -> None:
        #: True if it begins as if it had: a README or another page among articles is no mistake.
        self.begins = text.startswith(("---", "+++"))
        reason = f"the front matter has no closing {text[:3]}" if self.begins else "no front matter"
        super().__init__(1, reason, _HINT)


#: Take a source and the line on which it begins; return its value and duplicate keys. They raise
#: YAMLTextError.
Parser: TypeAlias = Callable[[str, int], tuple[YAMLValue, Sequence[tuple[int, str]]]]


class Part(NamedTuple):
    """Where a text has its front matter and its body, and the parser of the former."""

    parse: Parser
    start: int
    end: int
    body: int


#: Find the front matter at the beginning of a text; None where there is none of the syntax.
Syntax: TypeAlias = Callable[[str], Part | None]


def read_front_matter(
    text: str, syntaxes: Iterable[Syntax] = (), *, may_be_empty: bool = False
) -> FrontMatter:
    """Split a file's text and parse its front matter, in one of these syntaxes, else of MARKED.

    Raises NoFrontMatterError, or YAMLTextError for front matter that cannot be read.
    """
    text = normal_lines(text)
    parts = (syntax(text) for syntax in syntaxes or MARKED)
    part = next(filter(None, parts), None)
    if not part:
        raise NoFrontMatterError(text)
    line, source = text.count("\n", 0, part.start) + 1, text[part.start : part.end]
    forbidden = None
    if found := find_forbidden(text):
        forbidden = found[0], text.count("\n", 0, found.start()) + 1
        if found.start() < part.end:
            # YAML allows fewer characters than people type; a repair keeps the lines as they are.
            source = repair(source)
    values, duplicates = part.parse(source, line)
    if values is None and may_be_empty:
        values = YAMLMapping()
    if values is None:
        raise YAMLTextError(line, "empty front matter", "write key: value, one per line")
    if not isinstance(values, YAMLMapping):
        raise YAMLTextError(line, "not a mapping", "write key: value, one per line")
    body_line = text.count("\n", 0, part.body) + 1
    return FrontMatter(values, text[part.body :], body_line, duplicates, forbidden)


def normal_lines(text: str) -> str:
    """Return a file's text without a byte order mark, its lines ending in one newline each."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _between(opening: str, closing: str, parse: Parser) -> Syntax:
    """Make the syntax of a source between two lines; MARK in the last is the first's mark."""
    begins = re.compile(rf"\s*{opening}[ \t]*\n")

    @cache
    def ends(mark: str) -> re.Pattern[str]:
        # With the line break before it, which is fast to search.
        return re.compile(rf"\n(?:{closing.replace('MARK', mark)})[ \t]*(?:\n|\Z)")

    def find(text: str) -> Part | None:
        if not (start := begins.match(text)):
            return None
        end = ends(start.groupdict().get("mark", "")).search(text, start.end() - 1)
        return end and Part(parse, start.end(), end.start() + 1, end.end())

    return find


def parse_yaml(source: str, line: int) -> tuple[YAMLValue, Sequence[tuple[int, str]]]:
    """Parse YAML, which may be indented with tabs. Raises YAMLTextError."""
    if "\t" in source:  # which YAML does not allow as indentation; generators do
        source = re.sub(r"^\t+", lambda tabs: "  " * len(tabs[0]), source, flags=re.MULTILINE)
    return yaml_text.load(source, line)


def parse_toml(source: str, line: int) -> tuple[YAMLValue, Sequence[tuple[int, str]]]:
    """Parse TOML. Raises YAMLTextError."""
    if (plain := read_plain_lines(source[:MAX_CHARS], line)) and len(source) <= MAX_CHARS:
        return plain, ()
    try:
        values = tomllib.loads(_bounded(source, line), parse_float=str)
    except (ValueError, RecursionError) as error:  # a very long number is no TOMLDecodeError
        found = re.search(r"at line (\d+)", str(error))
        at = line + (int(found[1]) - 1 if found else source.count("\n"))
        reason = re.sub(r" \(at .*\)$", "", str(error), flags=re.DOTALL)
        hint = 'write key = "value", one per line'
        raise YAMLTextError(at, f"not TOML: {reason}", hint) from error
    return as_yaml(values, line, _lines(source, line, r"=|(?:\]\]?[ \t]*$)")), ()


def parse_json(source: str, line: int) -> tuple[YAMLValue, Sequence[tuple[int, str]]]:
    """Parse an object of JSON. Raises YAMLTextError."""
    try:
        values = json.loads(_bounded(source, line), parse_int=str, parse_float=str)
    except (ValueError, RecursionError) as error:
        at = line + getattr(error, "lineno", 1) - 1
        reason = getattr(error, "msg", "nested too deep")
        raise YAMLTextError(at, f"not JSON: {reason}", 'write {"key": "value"}') from error
    return as_yaml(values, line, _lines(source, line, ":")), ()


def _json_of_hexo(source: str, line: int) -> tuple[YAMLValue, Sequence[tuple[int, str]]]:
    return parse_json(f"{{{source.strip().rstrip(',')}}}", line)


def _json_alone(text: str) -> Part | None:
    """Find an object at the beginning, up to its end and a line of ;;; that may follow."""
    start = len(text) - len(text.lstrip())
    if text[start : start + 1] != "{" or text.startswith(("{%", "{{", "{:"), start):
        return None
    try:
        _value, end = json.JSONDecoder().raw_decode(text[: start + MAX_CHARS], start)
    except (ValueError, RecursionError):
        return None
    closing = re.compile(r"\s*;{3,}[ \t]*(?:\n|\Z)|[ \t]*(?:\n|\Z)").match(text, end)
    return Part(parse_json, start, end, closing.end() if closing else end)


#: The syntaxes that no other text looks like: any file may have them.
MARKED: tuple[Syntax, ...] = (
    _between("(?P<mark>-{3,80})", r"MARK|\.\.\.", parse_yaml),
    _between(r"\+\+\+", r"\+\+\+", parse_toml),
    _between("---toml", "---", parse_toml),
    _between("---json", "---", parse_json),
    _between(";;;", ";;;", _json_of_hexo),
    _json_alone,
)


_UNOPENED = re.compile(r"""["']?[\w.-]+["']?[ \t]*:""")
_CLOSING = re.compile(r"^(?P<mark>-{3,}|;{3,})[^\n]*(?:\n|\Z)", re.MULTILINE)


def _unopened(text: str) -> Part | None:
    """Find YAML before a line of ---, or JSON without braces before ;;;, without a line before."""
    end = _CLOSING.search(text) if _UNOPENED.match(text) else None
    if not end:
        return None
    parse = parse_yaml if end["mark"][0] == "-" else _json_of_hexo
    return Part(parse, 0, end.start(), end.end())


#: Keys from the very beginning up to a line of --- or ;;;, as Hexo allows them.
UNOPENED = _unopened


class _Entry(NamedTuple):
    """A key with a line of its value; a key may have several."""

    #: From 0.
    line: int
    key: str
    value: str


#: Return the entries at the beginning of a text, and where they end.
_Scan: TypeAlias = Callable[[str], tuple[list[_Entry], int]]


def _scanned(scan: _Scan) -> Syntax:
    """Make the syntax of entries that are marked by their form alone."""

    def read(entries: list[_Entry], line: int) -> tuple[YAMLValue, Sequence[tuple[int, str]]]:
        mapping = YAMLMapping()
        for entry in entries:
            before = mapping.get(entry.key)
            mapping[entry.key] = f"{before}\n{entry.value}" if before else entry.value
            mapping.lines.setdefault(entry.key, line + entry.line)
        return mapping, ()

    def find(text: str) -> Part | None:
        entries, end = scan(text[:MAX_CHARS])
        found = text[:end]

        def parse(source: str, line: int) -> tuple[YAMLValue, Sequence[tuple[int, str]]]:
            # The source may have been repaired since.
            return read(entries if source == found else scan(source)[0], line)

        return Part(parse, 0, end, end) if entries else None

    return find


def _split(text: str) -> Iterator[str]:
    """Yield the lines with their newlines: splitlines() knows other ends of lines too."""
    return (line[0] for line in re.finditer(r"[^\n]*\n|[^\n]+", text))


_META_KEY = re.compile(r" {0,3}([A-Za-z0-9_-]+):[ \t]*(.*)")


def _scan_keys(text: str) -> tuple[list[_Entry], int]:
    """Scan lines of `Key: value`, up to an empty one; MultiMarkdown has them, and Pelican."""
    entries, end, key = list[_Entry](), 0, ""
    for number, line in enumerate(_split(text)):
        is_fence = line.startswith(("---", "...")) and line[3:4].isspace()
        if number == 0 and is_fence and line[0] == "-":
            end += len(line)
            continue
        if is_fence or not line.strip():
            return entries, end + len(line)
        if found := _META_KEY.match(line):
            key = found[1].lower()
            entries.append(_Entry(number, key, found[2].strip()))
        elif key and line.startswith("    "):
            entries.append(_Entry(number, key, line.strip()))
        else:
            break
        end += len(line)
    return entries, end


_DOTTED_KEY = re.compile(r"\s*\.\. ([^:\n]+): (.*)")


def _scan_dotted(text: str) -> tuple[list[_Entry], int]:
    """Scan lines of `.. key: value`, up to an empty one, or in a comment of HTML; Nikola's."""
    entries, end, is_comment, is_over = list[_Entry](), 0, False, False
    for number, line in enumerate(_split(text)):
        written = line.strip()
        if not entries and written == "<!--":
            is_comment = True
        elif found := None if is_over else _DOTTED_KEY.match(line):
            entries.append(_Entry(number, found[1].strip(), found[2].strip()))
        elif is_comment and written == "-->":
            return entries, end + len(line)
        elif not written:
            if entries and not is_comment:
                return entries, end + len(line)
            is_over = bool(entries)
        elif not (is_comment or written.startswith("..")):
            break
        end += len(line)
    return entries, end


#: A line that is drawn above or below a title of reStructuredText.
_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1{1,1000}[ \t]*")
_FIELD = re.compile(r":((?:[^:\\\n]|\\.)+):(?:[ \t]+(.*)|[ \t]*$)")
_ROLE = re.compile(r":[\w+.:-]{1,60}:(?=`)")
_INLINE = re.compile(r"(\*\*|\*|``|`)(?=\S)([^*`\n]{1,500}?)(?<=\S)\1_{0,2}")


def _scan_rest(text: str) -> tuple[list[_Entry], int]:
    """Scan a title of reStructuredText, a subtitle, and the fields that follow them."""
    lines = list(_split(text))
    entries = list[_Entry]()
    at, title = _rest_title(lines, _skip_comments(lines, 0))
    if title:
        entries.append(title._replace(key="title"))
    start = _skip_comments(lines, at)
    after_subtitle, subtitle = _rest_title(lines, start) if title else (start, None)
    if subtitle:
        start = _skip_comments(lines, after_subtitle)
        start = start if start < len(lines) and _FIELD.match(lines[start]) else at
    key = ""
    for number in range(start, len(lines)):
        line = lines[number]
        if found := _FIELD.match(line):
            key = found[1].strip().lower()
            entries.append(_Entry(number, key, (found[2] or "").strip()))
        elif key and line[0] in " \t" and line.strip():
            entries.append(_Entry(number, key, line.strip()))
        elif line.strip() or not key:
            break
        at = number + 1
    return entries, sum(map(len, lines[:at]))


def _rest_title(lines: list[str], at: int) -> tuple[int, _Entry | None]:
    """Return the title on a line, without its markup, and the number of the line after it."""
    over = at + 2 < len(lines) and _ADORNMENT.fullmatch(lines[at].rstrip("\n"))
    at_title = at + 1 if over else at
    if at_title + 1 >= len(lines) or not lines[at_title].strip():
        return at, None
    under = _ADORNMENT.fullmatch(lines[at_title + 1].rstrip("\n"))
    if not under or (over and over[1] != under[1]) or (lines[at_title][0] == " " and not over):
        return at, None
    text = _INLINE.sub(lambda found: found[2], _ROLE.sub("", lines[at_title].strip()))
    return at_title + 2, _Entry(at_title, "title", text)


def _skip_comments(lines: list[str], at: int) -> int:
    """Return the number of the first line, from one on, that is neither empty nor a comment."""
    while at < len(lines):
        if lines[at].startswith(".. ") and "::" not in lines[at]:
            at += 1
            while at < len(lines) and lines[at][0] in " \t":
                at += 1
        elif lines[at].strip():
            return at
        else:
            at += 1
    return at


_META_TAG = re.compile(r"""[ \t\n/]((?:[^<>"']|"[^"]*"|'[^']*')*)>""")
_ATTRIBUTE = re.compile(
    r"""(?<![\w:-])([\w:-]++)[ \t\n]*+=[ \t\n]*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))"""
)
_HTML_TITLE = re.compile(r"<title\b[^<>]*>([^<]*)</title", re.IGNORECASE)
_HTML_BODY = re.compile(r"<body\b[^<>]*>|</head[ \t]*>", re.IGNORECASE)


def _scan_html(text: str) -> tuple[list[_Entry], int]:
    """Scan the title and the <meta> elements of an HTML document's head."""
    found = list(_HTML_BODY.finditer(text))
    body = next((tag for tag in found if tag[0][1] != "/"), found[0] if found else None)
    if not body:
        return [], 0
    head, entries = text[: body.start()], list[_Entry]()
    if title := _HTML_TITLE.search(head):
        line = head.count("\n", 0, title.start())
        entries.append(_Entry(line, "title", html.unescape(title[1]).strip()))
    line = 0
    for number, part in enumerate(re.split("<meta(?![a-z])", head, flags=re.IGNORECASE)):
        if number and (tag := _META_TAG.match(part)):
            values = {
                name.lower(): html.unescape(double or single or bare)
                for name, double, single, bare in _ATTRIBUTE.findall(tag[1])
            }
            content = values.get("content") or values.get("contents") or ""
            if name := values.get("name", "").lower():
                entries.append(_Entry(line, name, content.strip()))
        line += part.count("\n")
    return entries, body.end()


#: Lines of `Key: value` at the very beginning, maybe between --- and --- or ...; the keys are in
#: lower case, and the lines of a value are joined.
KEY_LINES = _scanned(_scan_keys)
#: Lines of `.. key: value`, maybe in a comment of HTML.
DOTTED_LINES = _scanned(_scan_dotted)
#: The title and the bibliographic fields of reStructuredText, in lower case.
REST_FIELDS = _scanned(_scan_rest)
#: The <title> and <meta name="…" content="…"> of HTML, in lower case.
HTML_HEAD = _scanned(_scan_html)


def as_yaml(value: Any, line: int, lines: dict[str, int], depth: int = 0) -> YAMLValue:
    """Return a value of TOML or JSON as text, lists and mappings; dates as ISO 8601 has them."""
    if depth > MAX_DEPTH:
        raise YAMLTextError(line, *yaml_text.TOO_DEEP)
    if isinstance(value, dict):
        mapping = YAMLMapping(
            (key, as_yaml(each, lines.get(key, line), lines, depth + 1))
            for key, each in value.items()
        )
        mapping.lines = {key: lines.get(key, line) for key in mapping}
        return mapping
    if isinstance(value, list):
        items = YAMLList()
        for each in value:
            items.append(as_yaml(each, line, lines, depth + 1))
            items.lines.append(line)
        return items
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        raise YAMLTextError(line, "a very long number", "write it between quotation marks")
    return value if value is None or isinstance(value, str) else str(value)


def _lines(source: str, first: int, after: str) -> dict[str, int]:
    """Return the line of each key, the first of its name: parsers of TOML and JSON tell none."""
    keys = re.compile(rf"[\"']?([\w.-]+)[\"']?[ \t]*(?:{after})", re.MULTILINE)
    lines: dict[str, int] = {}
    for number, text in enumerate(source.split("\n"), first):
        for key in keys.findall(text[:1000]):
            lines.setdefault(key.rpartition(".")[2], number)
    return lines


def _bounded(source: str, line: int) -> str:
    if len(source) > MAX_CHARS:
        message = f"the front matter is {len(source):,} characters long"
        raise YAMLTextError(line, message, f"at most {MAX_CHARS:,} are allowed")
    return source
