"""The encodings in which text is sent (RFC 9110 §8.4.1), fast or as small as is worth the time."""

from __future__ import annotations

import gzip

#: Best compression first.
ENCODINGS = ("br", "zstd", "gzip")
#: In bytes: a shorter body gains nothing by an encoding.
MIN_SIZE = 512


def encode(body: bytes, encoding: str, *, tightly: bool = False) -> bytes:
    """Return the body in one of ENCODINGS; the same bytes every time under the same library.

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
