"""Compressed files beside those of a tree, for servers that send them as they are.

The same bytes give the same file under the same library; another version of zlib, brotli or zstd
may give other bytes, so two machines compare their trees without these files.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from feeds.compression import MIN_SIZE, encode
from feeds.static.plan import Action, Outcome, Reason, Step
from feeds.static.tree import Tree

#: The endings of names of text files, which compress well.
TEXT_ENDINGS = ("css", "csv", "html", "json", "opml", "srt", "svg", "txt", "vtt", "xml")
#: The encodings by the endings of the compressed files, best compression first.
ENCODINGS_BY_ENDING = {".br": "br", ".zst": "zstd", ".gz": "gzip"}
#: In bytes: a larger file would take minutes and much memory.
_MAX_SIZE = 32 * 1024 * 1024
#: A compressed file that is larger than this part of the other is not worth writing.
_MAX_RATIO = 0.9


def compressed_names(name: str) -> list[str]:
    """Return the names of the compressed files that a file may have."""
    is_text = "." in name and name.rpartition(".")[2] in TEXT_ENDINGS
    return [f"{name}{ending}" for ending in ENCODINGS_BY_ENDING] if is_text else []


def compress(tree: Tree, steps: Sequence[Step]) -> list[Outcome]:
    """Write compressed files, and remove those that save too little. Raises OutputError."""
    return [_compress(tree, step) for step in steps]


def _compress(tree: Tree, step: Step) -> Outcome:
    source, dot, ending = step.name.rpartition(".")
    file = tree.file(source)
    if file and MIN_SIZE <= file.size <= _MAX_SIZE:
        body = tree.read(source) or b""
        encoded = encode(body, ENCODINGS_BY_ENDING[dot + ending], tightly=True)
        if len(encoded) <= _MAX_RATIO * len(body):
            changed = tree.replace(step.name, encoded)
            return Outcome(step, tree.file(step.name), changed)
    removal = step._replace(action=Action.REMOVE, reason=Reason.NO_GAIN)
    return Outcome(removal, None, tree.remove(step.name))


@cache
def library_versions() -> str:
    """Return the versions of the libraries that decide the compressed bytes."""
    import zlib
    from importlib.metadata import version

    return f"{zlib.ZLIB_RUNTIME_VERSION},{version('brotli')},{version('zstandard')}"
