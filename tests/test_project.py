"""The project's own rules: which module may import what, and documents that are true.

Style and types are steps of their own, in .ci/run.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str, text: str) -> list[str]:
    """The fenced blocks of a Markdown text that are in a language (a regular expression)."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_every_command_in_the_documents_exists() -> None:
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


def test_every_relative_link_in_the_documents_leads_to_a_file() -> None:
    for document in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text("utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_imports_keep_the_contracts_of_pyproject_toml() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run(
        [lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


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
