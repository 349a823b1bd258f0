"""The project's own rules: types, style, which module may import what, documents that are true."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "feeds"

#: No clock, file, SQL, Flask or Click in here.
CORE = (
    "archive", "article", "encodings", "errors", "feed", "fields", "formats",
    "frontmatter", "podcast", "query", "selection", "site", "text", "tree", "words",
)  # fmt: skip
SHELL = (
    "channels",
    "catalog",
    "answers",
    "cli",
    "compressed",
    "custom",
    "database",
    "document",
    "folder",
    "hosting",
    "live",
    "media",
    "probe",
    "publication",
    "rendered",
    "requirements",
    "schema",
    "search",
    "static",
    "view",
    "web",
    "websub",
    "windows",
    "workers",
)
IMPURE = {
    "click", "fcntl", "flask", "granian", "io", "locale", "os", "pathlib", "platformdirs",
    "random", "rich", "shutil", "socket", "sqlalchemy", "sqlite3", "subprocess", "sys", "tempfile",
    "threading", "time", "urllib3", "watchfiles",
}  # fmt: skip
#: Each of them is awkward in its own way, and has one owner.
OWNERS = {
    "feedgen": {"formats/syndication.py"},
    "flask": {"web.py"},
    "ftfy": {"text.py"},
    "granian": {"cli.py"},
    "imagesize": {"requirements.py"},
    "jinja2": {"formats/page.py"},
    "cmarkgfm": {"frontmatter/body.py"},
    "msgspec": {"rendered.py", "schema.py"},
    "nh3": {"frontmatter/body.py"},
    "urllib3": {"probe.py", "websub.py"},
    "sqlalchemy": {"catalog.py", "database.py", "schema.py", "search.py", "view.py"},
    "watchfiles": {"live.py"},
    "yaml": {"tree.py"},
}


def imported(file: Path) -> set[str]:
    """The modules that a file imports anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def modules(name: str) -> list[Path]:
    single = PACKAGE / f"{name}.py"
    return [single] if single.exists() else sorted((PACKAGE / name).glob("*.py"))


def test_every_module_is_in_the_core_or_in_the_shell() -> None:
    there = {each.stem for each in PACKAGE.glob("*.py")} | {"formats", "frontmatter"}
    assert there == {*CORE, *SHELL, "__init__", "__main__"}


@pytest.mark.parametrize("name", CORE)
def test_the_core_is_pure(name: str) -> None:
    for file in modules(name):
        names = imported(file)
        roots = {each.partition(".")[0] for each in names}
        assert not roots & IMPURE, file
        assert not {f"feeds.{each}" for each in SHELL} & names, file


@pytest.mark.parametrize("library", OWNERS)
def test_an_awkward_library_is_imported_in_one_place(library: str) -> None:
    users = {
        file.relative_to(PACKAGE).as_posix()
        for file in PACKAGE.rglob("*.py")
        if library in {each.partition(".")[0] for each in imported(file)}
    }
    assert users == OWNERS[library]


def test_no_module_has_outgrown_its_idea() -> None:
    lengths = {file: len(file.read_text("utf-8").splitlines()) for file in PACKAGE.rglob("*.py")}
    assert {file: n for file, n in lengths.items() if n > 500} == {}


@pytest.mark.parametrize(
    "command",
    [["ruff", "check"], ["ruff", "format", "--check"], ["mypy"]],
    ids=lambda command: "-".join(command),
)
def test_the_code_is_clean(command: list[str]) -> None:
    result = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str, text: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_every_command_of_the_documents_is_one_that_exists() -> None:
    documents = [README, *(file.read_text("utf-8") for file in (ROOT / "docs").glob("*.md"))]
    commands = {
        match
        for text in documents
        for block in blocks("(?:console|sh)", text)
        for match in re.findall(r"(?:^|&& |\$ )feeds (\w+)", block, re.MULTILINE)
    }
    assert {"init", "serve", "build", "check", "list"} <= commands
    for command in commands:
        subprocess.run(
            [sys.executable, "-m", "feeds", command, "--help"], check=True, capture_output=True
        )


def test_the_session_in_the_readme_is_what_the_commands_print(tmp_path: Path) -> None:
    (session,) = blocks("console", README)
    shown = re.sub(r"\d+\.\d s", "T s", session)
    printed = []
    for line in session.splitlines():
        if line.startswith("$ "):
            command = line[2:].replace("feeds ", f"{sys.executable} -m feeds ", 1)
            result = subprocess.run(
                command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True
            )
            printed.append(f"{line}\n{result.stdout}{result.stderr}")
    assert re.sub(r"\d+\.\d s", "T s", "".join(printed)) == shown


def test_the_sample_files_of_the_readme_work(tmp_path: Path) -> None:
    configuration, *_ = blocks("yaml", README)
    (article,) = blocks("markdown", README)
    (tmp_path / "feeds.yaml").write_text(configuration, "utf-8")
    (tmp_path / yaml.safe_load(configuration)["articles"]).mkdir()
    (tmp_path / "articles" / "first.md").write_text(article, "utf-8")
    result = subprocess.run(
        [sys.executable, "-m", "feeds", "check", str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.stdout == ""
    assert result.stderr.startswith("0 errors, 0 warnings; 1 article in ")


def test_every_link_of_the_documents_leads_to_a_file() -> None:
    for document in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text("utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_top_level_stays_small() -> None:
    git = shutil.which("git")
    if not git or not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    listed = subprocess.run(
        [git, "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert {name.partition("/")[0] for name in listed} <= {
        ".ci", ".gitignore", "CHANGELOG.md", "LICENSE", "README.md", "app.py", "benchmarks",
        "docs", "feeds", "pyproject.toml", "tests",
    }  # fmt: skip
