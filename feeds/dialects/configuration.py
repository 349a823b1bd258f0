"""The configuration of generators as data: it is read, and never run.

Values are text, lists and mappings, as yaml_text has them; tags of YAML are ignored. What is
computed there is unknown here.
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from feeds.parsing import yaml_text
from feeds.parsing.front_matter import parse_json, parse_toml
from feeds.parsing.yaml_text import YAMLTextError

#: A larger file is hardly a configuration.
MAX_FILE_CHARS = 1_000_000
_MAX_PYTHON_NODES = 50_000


@dataclass(frozen=True)
class Files:
    """The files of a generator's folder, by paths relative to it, with slashes."""

    #: Return a file's text; empty where there is none, or it cannot be read.
    read: Callable[[str], str]
    #: Return the sorted paths of the files in a folder ("" for the root), without those below it;
    #: a folder's own ends with a slash.
    list: Callable[[str], tuple[str, ...]]
    _texts: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    def text(self, path: str) -> str:
        """Return a file's text; empty where there is none, or it is very large."""
        if path not in self._texts:
            text = self.read(path)
            self._texts[path] = text if len(text) <= MAX_FILE_CHARS else ""
        return self._texts[path]

    def has(self, path: str) -> bool:
        """Return True if there is a file, or a folder where the path ends with a slash."""
        folder, _, name = path.rstrip("/").rpartition("/")
        return (f"{folder}/{name}".lstrip("/") + "/" * path.endswith("/")) in self.list(folder)

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
                elif (
                    not path.rpartition("/")[0].rpartition("/")[2].startswith((".", "node_modules"))
                ):
                    waiting.append(path.rstrip("/"))

    def values(self, path: str) -> dict[str, Any]:
        """Return the mapping in a file of YAML, TOML, JSON or Python; empty if it has none."""
        text = self.text(path).removeprefix("\ufeff")
        with suppress(YAMLTextError, RecursionError):
            if path.endswith(".toml"):
                found, _ = parse_toml(text, 1)
            elif path.endswith(".json"):
                found, _ = parse_json(text, 1)
            elif path.endswith(".py"):
                return read_python(text)
            else:
                found, _ = yaml_text.load(text, ignore_tags=True)
            return found if isinstance(found, dict) else {}
        return {}


def read_python(text: str) -> dict[str, Any]:
    """Return the variables to which a file assigns literals, or others that it assigned before.

    Unlike in other files, values keep their types.
    """
    values: dict[str, Any] = {}
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return values
    if sum(1 for _node in ast.walk(module)) > _MAX_PYTHON_NODES:
        return values

    class Known(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            return (
                ast.copy_location(ast.Constant(values[node.id]), node)
                if node.id in values
                else node
            )

    for statement in module.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        for target in targets:
            if isinstance(target, ast.Name) and isinstance(statement, ast.Assign):
                with suppress(ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
                    values[target.id] = ast.literal_eval(Known().visit(statement.value))
    return values


def read_javascript(text: str, *keys: str) -> dict[str, str]:
    """Return the texts, numbers and booleans that a file of JavaScript gives to keys.

    The first of each key counts, in whatever object it is.
    """
    code = without_comments(text)
    value = r"(?:([\"'`])(?P<text>[^\"'`\n$]*)\1|(?P<word>true|false|[0-9.]+)\b)"
    values: dict[str, str] = {}
    for key in keys:
        if found := re.search(rf"(?<![\w.$])[\"']?{re.escape(key)}[\"']?\s*[:=]\s*{value}", code):
            values[key] = found["text"] or found["word"] or ""
    return values


def without_comments(text: str) -> str:
    """Return JavaScript without its comments; what looks like one in a string stays."""
    return _STRING_OR_COMMENT.sub(lambda found: found["string"] or " ", text)


# Of a comment or a string that is not closed, nothing is looked at twice.
_STRING_OR_COMMENT = re.compile(
    r"(?P<string>\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?|`(?:[^`\\]|\\.)*`?)"
    r"|/\*(?:[^*]|\*(?!/))*(?:\*/|\Z)|//[^\n]*",
    re.DOTALL,
)


def text_of(values: Mapping[str, Any], *keys: str) -> str:
    """Return the text of the first of these keys that has one; empty if none has."""
    for key in keys:
        value = values.get(key)
        if isinstance(value, (str, int, float)) and str(value).strip():
            return str(value).strip()
    return ""


def flag_of(values: Mapping[str, Any], key: str, default: bool = False) -> bool:
    """Return a boolean; the default if it is missing or none."""
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
