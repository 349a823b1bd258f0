"""The configuration of generators as data: it is read, and never run.

Values are text, lists and mappings, as yaml_text has them; tags of YAML are ignored. What is
computed there is unknown here.
"""

import ast
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from posixpath import normpath
from typing import Any

from feeds.parsing import yaml_text
from feeds.parsing.yaml_text import YAMLTextError

#: A larger file is hardly a configuration.
MAX_FILE_CHARS = 1_000_000
_MAX_PYTHON_NODES = 50_000
#: A pattern with four repetitions makes up to the fourth power of this many steps.
MAX_PATTERN_TEXT = 200
_MAX_PATTERN_CHARS = 500
_MAX_JOINED_CHARS = 10_000
#: Python writes no longer numbers as text.
_MAX_BITS = 10_000
#: A pattern with so many optional parts can take the 1,000-fold.
_MAX_OPTIONAL = 10
#: The errors of ast for values that are not literals, and for texts that are none of Python.
_PYTHON_ERRORS = (ValueError, TypeError, LookupError, SyntaxError, RecursionError, MemoryError)
_ENVIRONMENT = ("os.environ.get", "environ.get", "os.getenv", "getenv")


@dataclass(frozen=True)
class Files:
    """The files of a generator's folder, by paths relative to it, with slashes."""

    #: Return a file's text; empty where there is none, or it cannot be read.
    read: Callable[[str], str]
    #: Return the sorted paths of the files in a folder ("" for the root), without those below it;
    #: a folder's own ends with a slash.
    list: Callable[[str], tuple[str, ...]]
    _texts: dict[str, str] = field(default_factory=dict, repr=False, compare=False)
    _sets: dict[str, frozenset[str]] = field(default_factory=dict, repr=False, compare=False)

    def text(self, path: str) -> str:
        """Return a file's text; empty where there is none, or it is very large."""
        if path not in self._texts:
            text = self.read(path)
            self._texts[path] = text if len(text) <= MAX_FILE_CHARS else ""
        return self._texts[path]

    def has(self, path: str) -> bool:
        """Return True if there is a file, or a folder where the path ends with a slash."""
        folder, _, name = path.rstrip("/").rpartition("/")
        if folder not in self._sets:
            self._sets[folder] = frozenset(self.list(folder))
        return (f"{folder}/{name}".lstrip("/") + "/" * path.endswith("/")) in self._sets[folder]

    def existing(self, folders: Iterable[str]) -> tuple[str, ...]:
        """Return the folders that are not empty, each once; the first one if all are."""
        each = tuple(dict.fromkeys(folders))
        return tuple(name for name in each if self.list("" if name == "." else name)) or each[:1]

    def first(self, *paths: str) -> str:
        """Return the first of these paths at which there is a file; empty if there is none."""
        return next(filter(self.has, paths), "")

    def walk(self, folder: str, *endings: str) -> Iterator[str]:
        """Yield the paths of all files below a folder that end in one of the endings, sorted."""
        waiting = [folder.rstrip("/")]
        while waiting:
            for path in self.list(waiting.pop()):
                if not path.endswith("/"):
                    if path.endswith(endings):
                        yield path
                elif not path.rstrip("/").rpartition("/")[2].startswith((".", "node_modules")):
                    waiting.append(path.rstrip("/"))

    def values(self, path: str) -> dict[str, Any]:
        """Return the mapping in a file of YAML, TOML, JSON or Python; empty if it has none."""
        # Imported late: the folders of most sites have no such file.
        from feeds.parsing.front_matter import parse_json, parse_toml

        text = self.text(path).removeprefix("\ufeff")
        with suppress(YAMLTextError, RecursionError):
            if path.endswith(".toml"):
                found, _ = parse_toml(text, 1)
            elif path.endswith(".json"):
                found, _ = parse_json(text, 1)
            elif path.endswith(".py"):
                return read_python(text, self.text)
            else:
                found, _ = yaml_text.load(text, ignore_tags=True)
            return found if isinstance(found, dict) else {}
        return {}


def read_python(text: str, read: Callable[[str], str] = lambda _path: "") -> dict[str, Any]:
    """Return the variables to which a file assigns literals, or others that it assigned before.

    Unlike in other files, values keep their types. `from other import *` brings the variables of
    other.py, which is read by the function given; so do the modules that it imports.
    """
    return _PythonFile(read).values(text)


class _PythonFile(ast.NodeTransformer):
    """The values of variables, as far as they are known without running anything."""

    def __init__(self, read: Callable[[str], str]) -> None:
        self._read = read
        self._known: dict[str, Any] = {}
        self._imports = 0

    def values(self, text: str) -> dict[str, Any]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                module = ast.parse(text)
        except _PYTHON_ERRORS:
            return self._known
        if sum(1 for _node in ast.walk(module)) > _MAX_PYTHON_NODES:
            return self._known
        for statement in module.body:
            if isinstance(statement, ast.ImportFrom):
                self._import(statement)
            elif isinstance(statement, ast.Assign):
                self._assign(statement)
        return self._known

    def _import(self, statement: ast.ImportFrom) -> None:
        name = statement.module or ""
        if statement.names[0].name == "*" and name.isidentifier() and self._imports < 5:
            self._imports += 1
            self.values(self._read(f"{name}.py"))

    def _assign(self, statement: ast.Assign) -> None:
        names = [target.id for target in statement.targets if isinstance(target, ast.Name)]
        with suppress(*_PYTHON_ERRORS):
            if isinstance(statement.value, ast.Name):
                found = self._known[statement.value.id]
            else:
                found = ast.literal_eval(self.visit(statement.value))
            self._known.update(dict.fromkeys(names, found))
            return
        # The value is computed, so that an earlier one is no more.
        for name in names:
            self._known.pop(name, None)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        found = self._known.get(node.id)
        # A list within a list could become very large.
        is_plain = isinstance(found, (int, float)) or (
            isinstance(found, str) and len(found) <= _MAX_JOINED_CHARS
        )
        return ast.copy_location(ast.Constant(found), node) if is_plain else node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, int) and node.value.bit_length() > _MAX_BITS:
            raise ValueError("a very long number")
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        texts = [getattr(self.visit(each), "value", None) for each in (node.left, node.right)]
        if isinstance(node.op, ast.Add) and all(isinstance(text, str) for text in texts):
            joined = "".join(map(str, texts))
            if len(joined) <= _MAX_JOINED_CHARS:
                return ast.copy_location(ast.Constant(joined), node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        # os.environ.get("SITEURL", "https://example.org") is that URL where nothing is set.
        name = ast.unparse(node.func) if isinstance(node.func, (ast.Attribute, ast.Name)) else ""
        if name in _ENVIRONMENT and len(node.args) == 2 and not node.keywords:
            default: ast.AST = self.visit(node.args[1])
            return default
        return node


@lru_cache(maxsize=256)
def read_pattern(source: str, repetitions: int = 4) -> re.Pattern[str] | None:
    """Compile a regular expression of a configuration; None if it is none, or could take long.

    With more repetitions than one, the text has to be as short as MAX_PATTERN_TEXT.
    """
    open_ended = re.findall(r"(?<!\\)(?:[*+]|\{\d*,\d*\})", re.sub(r"\[[^\]]*\]", "[]", source))
    optional = re.findall(r"(?<![\\*+?}(])\?", source)
    is_nested = re.search(r"\)(?:[*+]|\{)", source)
    if len(source) > _MAX_PATTERN_CHARS or len(open_ended) > repetitions or is_nested:
        return None
    if len(optional) > _MAX_OPTIONAL:
        return None
    with suppress(re.error, RecursionError, OverflowError), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return re.compile(source)
    return None


def folder_inside(path: str) -> str:
    """Return a folder within the generator's, with a slash at its end; empty for that itself."""
    path = normpath(path or ".")
    return "" if path == "." or path.startswith(("/", "..")) else f"{path}/"


def text_of(values: Mapping[str, Any], *keys: str) -> str:
    """Return the text of the first of these keys that has one; empty if none has."""
    for key in keys:
        value = values.get(key)
        if isinstance(value, (str, int, float)) and str(value).strip():
            return str(value).strip()
    return ""


def flag_of(values: Mapping[str, Any], key: str, default: bool = False) -> bool:
    """Return a boolean; the default if it is missing or none."""
    if key not in values:
        return default
    return {"true": True, "yes": True, "false": False, "no": False}.get(
        str(values.get(key)).lower(), default
    )


def mapping_of(values: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """Return the mapping that is reached by keys one after the other; empty if there is none."""
    found: Any = values
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def list_of(values: Mapping[str, Any], key: str) -> list[Any]:
    """Return a list; a single value is a list of one."""
    value = values.get(key)
    return [] if value is None else list(value) if isinstance(value, (list, tuple)) else [value]
