"""Canonical http and https URLs (RFC 3986 §6.2), and paths in the site resolved to them."""

import re
from urllib.parse import quote, urlsplit, urlunsplit

from feeds.text.repair import remove_forbidden

# Matches most URLs as they are written, which saves the slow path. Each match is canonical.
_CANONICAL = re.compile(
    r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/(?!\.)[A-Za-z0-9\-._~!$&'()*+,;=:@]*)+"
    r"(?:\?[A-Za-z0-9\-._~!$&'()*+,;=:@/?]+)?(?:#[A-Za-z0-9\-._~!$&'()*+,;=:@/?]+)?"
)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ESCAPED = re.compile("%([0-9a-fA-F]{2})")
_STRAY_PERCENT = re.compile("%(?![0-9a-fA-F]{2})")


def canonical_url(text: str, *, relative: bool = False) -> str | None:
    """Return the canonical form of an http(s) URL (RFC 3986 §6.2); None if it is not one.

    Characters outside ASCII are percent-encoded, in a host punycoded. With relative=True a path
    in the site is accepted too, and becomes one with a leading slash.
    """
    if _CANONICAL.fullmatch(text):
        return text
    text = remove_forbidden(text.strip()).replace("\n", "")
    if text.startswith("//"):
        text = "https:" + text
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if not scheme and not parts.netloc and relative and parts.path:
        path = re.sub("/+", "/", _remove_dot_segments(_percent_encode(f"/{parts.path}", "/")))
        return urlunsplit(("", "", path, _percent_encode(parts.query, "/?"), ""))
    if scheme not in _DEFAULT_PORTS or not host:
        return None
    if "[" in parts.netloc:
        if not re.fullmatch(r"[0-9a-f:.]*:[0-9a-f:.]*", host):
            return None
        host = f"[{host}]"
    elif not re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?", host):
        return None
    userinfo = parts.netloc.rpartition("@")[0]
    authority = f"{_percent_encode(userinfo, ':')}@{host}" if userinfo else host
    if port is not None and port != _DEFAULT_PORTS[scheme]:
        authority += f":{port}"
    path = _remove_dot_segments(_percent_encode(parts.path or "/", "/"))
    query, fragment = (_percent_encode(part, "/?") for part in (parts.query, parts.fragment))
    return urlunsplit((scheme, authority, path, query, fragment))


def is_canonical_url(text: str) -> bool:
    """Return True for a text that canonical_url() returns unchanged; misses rare ones."""
    return bool(_CANONICAL.fullmatch(text))


def is_absolute(url: str) -> bool:
    """Return True unless the URL is a path in the site, as canonical_url(relative=True) gives it.

    An empty string counts as absolute.
    """
    return not url.startswith("/")


def absolute(url: str, site_url: str) -> str:
    """Resolve a path in the site against the site's URL; other URLs are returned unchanged."""
    # A leading slash means the site's own root, which may be a folder of its host: a curation
    # repository writes /assets/… and is published at https://host/repository/.
    return url if is_absolute(url) else site_url + url.lstrip("/")


def _remove_dot_segments(path: str) -> str:
    """Remove dot segments (RFC 3986 §5.2.4)."""
    if "/." not in path:
        return path
    kept: list[str] = []
    for segment in path.split("/")[1:]:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    end = "/" if kept and path.endswith(("/.", "/..")) else ""
    return f"/{'/'.join(kept)}{end}"


def _percent_encode(part: str, also_safe: str) -> str:
    """Percent-encode where RFC 3986 §2 requires it, and normalize the escapes that are there."""
    safe = f"!$&'()*+,;=:@%{also_safe}"
    encoded = quote(_STRAY_PERCENT.sub("%25", part), safe=safe)
    return _ESCAPED.sub(_normalize_escape, encoded)


def _normalize_escape(escape: re.Match[str]) -> str:
    byte = int(escape[1], 16)
    return chr(byte) if byte in _UNRESERVED else escape[0].upper()
