"""The encodings in which text is sent (RFC 9110 §8.4.1), fast or as small as is worth the time."""

import gzip
import zlib
from importlib.metadata import version

#: By the endings of compressed files, best compression first.
ENCODINGS = {".br": "br", ".zst": "zstd", ".gz": "gzip"}
#: The endings of names of text files, which compress well.
TEXT_ENDINGS = ("css", "csv", "html", "json", "opml", "srt", "svg", "txt", "vtt", "xml")
#: A shorter body gains nothing by an encoding.
MIN_BYTES = 512


def encode(body: bytes, encoding: str, *, tightly: bool = False) -> bytes:
    """Return the body encoded; the same bytes every time under the same library.

    Tightly suits files that are written once and sent often. The highest levels of brotli and zstd
    would save two percent more, and take four times as long.
    """
    if encoding == "br":
        import brotli

        return bytes(brotli.compress(body, quality=10 if tightly else 6))
    if encoding == "zstd":
        import zstandard

        return zstandard.ZstdCompressor(level=15 if tightly else 9).compress(body)
    return gzip.compress(body, compresslevel=9 if tightly else 6, mtime=0)


def library_versions() -> str:
    """Return the versions of the libraries that decide the encoded bytes."""
    return f"{zlib.ZLIB_RUNTIME_VERSION},{version('brotli')},{version('zstandard')}"
