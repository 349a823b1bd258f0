"""Objects in files of JavaScript and TypeScript, which are read and never run."""

from __future__ import annotations

import time
from typing import Any

import pytest

from feeds.dialects.javascript import Script


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("module.exports = {a: 'x', 'b-c': \"y\", d: `z`, 1: 2.5, e: true};",
         {"a": "x", "b-c": "y", "d": "z", "1": "2.5", "e": "true"}),
        ("export default {a: [1, 'b', {c: 'd'}], e: {f: 'g'}}",
         {"a": ["1", "b", {"c": "d"}], "e": {"f": "g"}}),
        ("const a = 'x'; const o: Site = {b: 'y'}; export default {a, b: o.b, c: `${a}`};",
         {"a": "x", "b": "y", "c": None}),
        ("export default {...a, get: () => 1, f(x) { return {y: 'z'}; }, b: c ? 'd' : 1, g: 'h'};",
         {"get": None, "f": None, "b": None, "g": "h"}),
        ("const options = {a: 'x'};\nexport default options;", {"a": "x"}),
        ("const o = {a: 'x'} satisfies Options;\nexport default o;", {"a": "x"}),
        ("export default async function () {\n  const b = {c: 'd'};\n  return {a: 'x'};\n}",
         {"c": "d"}),
        ("module.exports = (config) => {\n  config.add('y');\n  return {a: 'x'};\n};", {"a": "x"}),
        ("export default defineConfig({a: 'x', /* b: 'y', */ // c: 'z'\n d: 'https://e.org'})",
         {"a": "x", "d": "https://e.org"}),
        (r"export default {a: 'it\'s \u00e9 \x41\n', b: '\ud83d\ude00', c: '\ud83d'}",
         {"a": "it's é A\n", "b": "😀", "c": "\ufffd"}),
        ("export default {a: /[\"'}]/, b: 'x', c: 1 / 2}", {"a": None, "b": "x", "c": None}),
        ("export default {a: 'x'", {}),
        ("", {}),
    ],
)  # fmt: skip
def test_the_object_that_a_file_exports(code: str, found: dict[str, Any]) -> None:
    assert Script(code).exported() == found


def test_an_object_by_its_keys() -> None:
    code = (
        "const menu = {title: 'Menu'};\nmodule.exports = build({url: 'https://e.org', title: 'T'});"
    )
    assert Script(code).object_with("url") == {"url": "https://e.org", "title": "T"}
    assert Script(code).object_with("nothing") == {}


def test_constants_of_other_files() -> None:
    names = Script("export const SITE = {url: 'https://e.org'};").names
    assert Script("export default {site: SITE.url}", names).exported() == {"site": "https://e.org"}


@pytest.mark.parametrize(
    "text",
    [
        "{a:",
        "(",
        "{a:1,",
        '"',
        "/*",
        "{",
        "const ",
        "`",
        "{;",
        "[",
        "{a:[",
        "'\\",
        "a.",
        "}",
        "//",
        ":/[",
        ":/ ",
    ],
)
def test_a_hostile_file_costs_little_time(text: str) -> None:
    closing = "".join({"{": "}", "[": "]", "(": ")"}.get(char, "") for char in reversed(text))
    for code in (text * 20_000, text * 20_000 + closing * 20_000, text * 1_000_000):
        before = time.process_time()
        script = Script(code)
        assert len([*script.objects(), script.exported()]) >= 0
        assert time.process_time() - before < 2
