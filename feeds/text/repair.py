"""Text in, better text out: mojibake, forbidden characters, entities, URLs, slugs, media types.

Pure functions without a clock, a locale or a file; the same on every machine.
"""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache
from itertools import pairwise
from urllib.parse import quote, unquote_to_bytes, urlsplit, urlunsplit

# What XML 1.0 §2.2 does not allow, and the C1 controls and noncharacters that it discourages. Tab,
# newline and carriage return are allowed. Apart, since a set that spans planes is slow to search.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufdd0-\ufdef\ufffe\uffff]")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_FORBIDDEN_ASTRAL = re.compile(
    "["
    + "".join(chr((plane << 16) + end) for plane in range(1, 17) for end in (0xFFFE, 0xFFFF))
    + "]"
)


def forbidden(text: str) -> re.Match[str] | None:
    """The first character that no feed may hold."""
    # Most texts; none of those characters is printable.
    if text.isprintable() or text.replace("\n", "").replace("\t", "").isprintable():
        return None
    found = _FORBIDDEN.search(text)
    if not found and not text.isascii() and _ASTRAL.search(text):
        found = _FORBIDDEN_ASTRAL.search(text)
    return found


def allowed(text: str) -> str:
    """The text without characters that no feed may hold."""
    if forbidden(text):
        text = _FORBIDDEN_ASTRAL.sub("", _FORBIDDEN.sub("", text))
    return text


def repair(text: str) -> str:
    """The text without mojibake (Googleâ€™s → Google’s) and without characters that XML forbids."""
    # What is taken out or folded may have stood between two halves of mojibake, hence again.
    while not text.isascii() and _MAY_BE_MOJIBAKE.search(text):
        # The C1 controls and lone surrogates stay until then: mojibake is made of them.
        repaired = allowed(_without_mojibake()(_CONTROLS.sub("", text)))
        if repaired == text:
            return text
        text = repaired
    return allowed(text)


# At least two of UTF-8's bytes become a character each. A curly quote or a dash that stands alone
# is just that, and it is what most English text has beside ASCII.
_MARKS = "‘’“”–—…•"
_MAY_BE_MOJIBAKE = re.compile(f"[^\x00-\x7f{_MARKS}]|[^\x00-\x7f]{{2}}")

# A word in capitals may end in these letters, in Portuguese say, and a quotation with it: “IRMÃ” is
# no Ô. So may a dash follow.
_LAST_CAPITAL = re.compile(
    "(?<![Ââ€])[“«„‘](?:(?:[^“”«»„‘’ÂÃâ€]|Ã(?=[A-Z])){0,200}[A-ZÀ-ÖØ-Þ\\s])?[ÃÂ]"
    "(?=[”»“’](?![\\w”»’]))|[A-ZÀ-ÖØ-Þ]{2}Ã(?=—(?!\\d))"
)

# The end of a quotation, ”, is misread as two characters and a control, which many programs drop.
_LOST_END = re.compile("(â€œ[^â]{1,300})â€(?=[\\s.,;:!?)<]|$)")


@cache
def _without_mojibake() -> Callable[[str], str]:
    # Imported late: text in ASCII has none, and many a build reads no text at all.
    import ftfy

    # Encodings alone: curly quotes, ligatures, full-width forms and normal forms are the author's
    # own choice. Entities are decoded by plain(), once, and not by a guess.
    config = ftfy.TextFixerConfig(
        unescape_html=False,
        remove_terminal_escapes=False,
        replace_lossy_sequences=False,  # a guess that may cost a good letter
        fix_latin_ligatures=False,
        fix_character_width=False,
        uncurl_quotes=False,
        fix_line_breaks=False,
        remove_control_chars=False,
        normalization=None,
        explain=False,
    )

    def repaired(text: str) -> str:
        if "â€œ" in text:
            text = _LOST_END.sub("\\1â€\x9d", text)
        if "Ã" not in text and "Â" not in text:
            return ftfy.fix_text(text, config)
        # Looked at apart, a letter and the mark behind it are what they are.
        seams = [0, *(match.end() for match in _LAST_CAPITAL.finditer(text)), len(text)]
        return "".join(ftfy.fix_text(text[a:b], config) for a, b in pairwise(seams))

    return repaired


def plain(text: str) -> str:
    """One line of plain text: entities decoded once, repaired, white space folded."""
    if "&" in text:
        text = html.unescape(text)
    line = " ".join(text.split())
    if line.isascii() and line.isprintable():
        return line
    while (repaired := " ".join(repair(line).split())) != line:
        line = repaired
    return line


def summary(text: str, length: int) -> str:
    """The text cut at a word to at most this many characters, with an ellipsis if it was cut."""
    if len(text) <= length:
        return text
    head = text[: length - 1]
    cut = head.rsplit(" ", 1)[0] if " " in head else head
    return cut.rstrip(" ,;:.–—-") + "…"


def escape(text: str) -> str:
    """Plain text as HTML text."""
    return html.escape(text, quote=False)


# What most URLs are already: nothing in it to encode, to fold or to leave out.
_CANONICAL = re.compile(
    r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/(?!\.)[A-Za-z0-9\-._~!$&'()*+,;=:@]*)+"
    r"(?:\?[A-Za-z0-9\-._~!$&'()*+,;=:@/?]+)?(?:#[A-Za-z0-9\-._~!$&'()*+,;=:@/?]+)?"
)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ESCAPED = re.compile("%[0-9a-fA-F]{2}")


def url(text: str, *, relative: bool = False) -> str | None:
    """The canonical form of an http(s) URL (RFC 3986 §6.2), or None where it is not one.

    Other scripts and stray characters are percent-encoded, a host in another script becomes
    punycode. With relative=True a path of the site is accepted too, and stays relative.
    """
    if _CANONICAL.fullmatch(text):
        return text
    text = allowed(text.strip()).replace("\n", "")
    if text.startswith("//"):
        text = "https:" + text
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if not scheme and not parts.netloc and relative and parts.path:
        path = re.sub("/+", "/", _normal_path(_quoted(f"/{parts.path}", "/")))
        return urlunsplit(("", "", path, _quoted(parts.query, "/?"), ""))
    if scheme not in _DEFAULT_PORTS or not host:
        return None
    try:
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    if "[" in parts.netloc:
        if not re.fullmatch(r"[0-9a-f:.]*:[0-9a-f:.]*", host):
            return None
        host = f"[{host}]"
    elif not re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?", host):
        return None
    userinfo = parts.netloc.rpartition("@")[0]
    authority = f"{_quoted(userinfo, ':')}@{host}" if userinfo else host
    if port is not None and port != _DEFAULT_PORTS[scheme]:
        authority += f":{port}"
    path = _normal_path(_quoted(parts.path or "/", "/"))
    return urlunsplit(
        (scheme, authority, path, _quoted(parts.query, "/?"), _quoted(parts.fragment, "/?"))
    )


def is_canonical(text: str) -> bool:
    """Whether it is plain at once that url() would give the text back as it is."""
    return bool(_CANONICAL.fullmatch(text))


def _normal_path(path: str) -> str:
    """Without dot segments (RFC 3986 §5.2.4)."""
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


def _quoted(part: str, also_safe: str) -> str:
    """Percent-encoded just where RFC 3986 §2 demands it, with the escapes it has in normal form."""
    pieces = []
    end = 0
    for match in _ESCAPED.finditer(part):
        pieces.append(quote(part[end : match.start()], safe=f"!$&'()*+,;=:@{also_safe}"))
        byte = unquote_to_bytes(match[0])[0]
        pieces.append(chr(byte) if byte in _UNRESERVED else match[0].upper())
        end = match.end()
    pieces.append(quote(part[end:], safe=f"!$&'()*+,;=:@{also_safe}"))
    return "".join(pieces)


# Stated here and not asked of the operating system's tables: the same input must give the same
# bytes on any machine.
MEDIA_TYPES = {
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "jpe": "image/jpeg", "jfif": "image/jpeg",
    "png": "image/png", "gif": "image/gif", "webp": "image/webp", "avif": "image/avif",
    "svg": "image/svg+xml", "bmp": "image/bmp", "ico": "image/x-icon", "tif": "image/tiff",
    "tiff": "image/tiff", "heic": "image/heic", "jxl": "image/jxl",
    "mp3": "audio/mpeg", "m4a": "audio/x-m4a", "aac": "audio/aac", "ogg": "audio/ogg",
    "oga": "audio/ogg", "opus": "audio/ogg", "wav": "audio/wav", "flac": "audio/flac",
    "weba": "audio/webm",
    "mp4": "video/mp4", "m4v": "video/x-m4v", "mov": "video/quicktime", "webm": "video/webm",
    "ogv": "video/ogg", "mpg": "video/mpeg", "mpeg": "video/mpeg", "avi": "video/x-msvideo",
    "mkv": "video/x-matroska",
    "pdf": "application/pdf", "epub": "application/epub+zip", "zip": "application/zip",
    "gz": "application/gzip", "tgz": "application/gzip", "bz2": "application/x-bzip2",
    "xz": "application/x-xz", "7z": "application/x-7z-compressed", "tar": "application/x-tar",
    "csv": "text/csv", "json": "application/json",
    "txt": "text/plain", "vtt": "text/vtt", "srt": "application/x-subrip",
    "doc": "application/msword", "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
}  # fmt: skip

#: A picture whose URL does not say what it is comes from an image server, and those answer JPEG
#: most often; readers show a picture only if its type begins with image/.
DEFAULT_IMAGE = "image/jpeg"
#: Bytes of which nothing is known (RFC 2046 §4.5.1).
DEFAULT_DOWNLOAD = "application/octet-stream"


def media_type(url: str, default: str) -> str:
    """The type that the path of a URL, in canonical form, tells, else the default."""
    return file_type(re.split("[?#]", url, maxsplit=1)[0].rpartition("/")[2], default)


def file_type(name: str, default: str) -> str:
    """The type that the ending of a file's name tells, else the default."""
    return MEDIA_TYPES.get(name.rpartition(".")[2].lower(), default) if "." in name else default


def fold(name: str) -> str:
    """What two names have in common if they name the same thing: AI and ai, but not C and C++."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


_SPOKEN = {"+": " plus ", "#": " sharp ", "&": " and ", "@": " at ", "%": " percent "}
_RESERVED = re.compile(r"con|prn|aux|nul|com\d|lpt\d|index")
_LONGEST_SLUG = 60


@lru_cache(maxsize=4096)
def slug(name: str) -> str:
    """A name for a folder and a URL: lower-case ASCII letters, digits and single hyphens.

    What ASCII cannot say is told apart by a hash of the name. Two names may still share a slug
    (a/b and a b): distinct_slug() serves those that come second.
    """
    folded = fold(name)
    spoken = "".join(_SPOKEN.get(char, char) for char in folded)
    if spoken.startswith("."):
        spoken = "dot " + spoken
    letters = unicodedata.normalize("NFKD", spoken.replace("ß", "ss"))
    ascii_only = "".join(char for char in letters if not unicodedata.combining(char))
    readable = re.sub("[^a-z0-9]+", "-", ascii_only).strip("-")
    lost = any(char.isalnum() and not char.isascii() for char in ascii_only)
    if lost or not readable or len(readable) > _LONGEST_SLUG or _RESERVED.fullmatch(readable):
        return distinct_slug(name)
    return readable


def distinct_slug(name: str, attempt: int = 0) -> str:
    """A slug of this name alone: the readable part and a hash of the folded name.

    Another name may look just like it; then the next attempt gives another.
    """
    folded = fold(name)
    source = folded + "\0" * attempt
    digest = hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    readable = re.sub("[^a-z0-9]+", "-", folded)[:_LONGEST_SLUG].strip("-")
    return f"{readable or 'topic'}-{digest}"
