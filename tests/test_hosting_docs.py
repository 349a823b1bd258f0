"""The recipes of docs/hosting.md: every sample is run, or read by the program that it is for."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
import types
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from feeds.cli import main
from feeds.model.document import COMMON_HEADERS, PREFLIGHT_HEADERS
from feeds.static.hosts import HOSTS
from tests.support import tool
from tests.test_project import ROOT, blocks

TEXT = (ROOT / "docs" / "hosting.md").read_text("utf-8")
COMMAND = re.compile(r"feeds build [^\n&\"]+")


@pytest.fixture(autouse=True)
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(main, ["init", "site"]).exit_code == 0


def run(command: str) -> Path:
    """Runs a build of the recipes; what is for /srv goes elsewhere."""
    words = shlex.split(command.replace("/srv/", "srv/"))[1:]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    return Path(words[words.index("--out") + 1]).absolute()


def test_every_build_of_the_recipes_is_one_that_works() -> None:
    commands = [each for block in re.findall(r"```.*?```", TEXT, re.DOTALL)
                for each in COMMAND.findall(block)]  # fmt: skip
    commands += re.findall(r"`(feeds build site [^`]+)`", TEXT)
    for each in commands:
        run(each)
    hosts = {each for command in commands for each in re.findall(r"--hosting (\S+)", command)}
    assert hosts == set(HOSTS)


def test_the_workflow_builds_what_it_uploads_and_caches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (text,) = blocks("yaml", TEXT)
    workflow = yaml.safe_load(text.replace("${{ runner.temp }}", str(tmp_path)))
    (job,) = workflow["jobs"].values()
    steps = job["steps"]
    (build,) = [each for each in steps if "feeds build" in each.get("run", "")]
    monkeypatch.setenv("FEEDS_CATALOG", build["env"]["FEEDS_CATALOG"])
    out = run(build["run"])
    used = {
        each["uses"].partition("@")[0]: each.get("with", {}) for each in steps if "uses" in each
    }
    uploaded = used["actions/upload-pages-artifact"]["path"]
    assert Path(uploaded).absolute() == out
    assert (out / ".nojekyll").exists()
    cached = used["actions/cache"]["path"].split()
    assert all(Path(each).exists() for each in cached)
    assert uploaded in cached
    assert workflow["permissions"].items() >= {"pages": "write", "id-token": "write"}.items()


def test_the_configuration_of_cors_is_that_of_the_other_hosts() -> None:
    (text,) = blocks("json", TEXT)
    (rule,) = json.loads(text)["CORSRules"]
    assert rule["AllowedOrigins"] == [COMMON_HEADERS["Access-Control-Allow-Origin"]]
    assert rule["AllowedMethods"] == PREFLIGHT_HEADERS["Access-Control-Allow-Methods"].split(", ")
    exposed = COMMON_HEADERS["Access-Control-Expose-Headers"].split(", ")
    # A bucket sends no others of them.
    assert rule["ExposeHeaders"] == exposed[:3]


def test_the_settings_of_netlify_are_toml_and_publish_what_is_built() -> None:
    (text,) = blocks("toml", TEXT)
    settings = tomllib.loads(text)["build"]
    (command,) = COMMAND.findall(settings["command"])
    assert run(command) == Path(settings["publish"]).absolute()
    assert (Path(settings["publish"]) / "_headers").exists()


def commands_for(host: str) -> list[str]:
    return [each for block in blocks("sh", TEXT) for each in COMMAND.findall(block)
            if each.endswith(f"--hosting {host}")]  # fmt: skip


def test_nginx_takes_its_sample() -> None:
    program = tool("nginx")
    (command,) = commands_for("nginx")
    tree = run(command)
    (sample,) = blocks("nginx", TEXT)
    sample = sample.replace("/srv/feeds", str(tree)).replace("listen 80", "listen 127.0.0.1:8080")
    Path("nginx.conf").write_text(
        f"pid {tree}/pid; error_log stderr; events {{}} http {{ access_log off; {sample} }}"
    )
    result = subprocess.run(
        [program, "-t", "-c", str(Path("nginx.conf").absolute()), "-e", "stderr"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr


def test_apache_takes_its_sample() -> None:
    program = tool("apache2")
    (command,) = commands_for("apache")
    tree = run(command)
    (sample,) = blocks("apache", TEXT)
    modules = "/usr/lib/apache2/modules"
    Path("apache.conf").write_text(
        f"LoadModule mpm_event_module {modules}/mod_mpm_event.so\n"
        f"LoadModule authz_core_module {modules}/mod_authz_core.so\n"
        f"ServerName localhost\nListen 127.0.0.1:8080\nErrorLog {tree}/log\n"
        + sample.replace("/srv/feeds", str(tree))
    )
    result = subprocess.run(
        [program, "-t", "-f", str(Path("apache.conf").absolute())],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr


#: Of PutObject, those that s3.json may name.
PARAMETERS = {"Key", "ContentType", "CacheControl", "WebsiteRedirectLocation"}


def test_the_program_for_s3_puts_every_file(monkeypatch: pytest.MonkeyPatch) -> None:
    (command,) = commands_for("s3")
    out = run(command)
    put: dict[str, bytes] = {}

    class Client:
        def put_object(self, Bucket: str, Body: bytes, **parameters: Any) -> None:  # noqa: N803
            assert Bucket
            assert parameters.keys() <= PARAMETERS
            put[parameters["Key"]] = Body

    boto3 = types.ModuleType("boto3")
    monkeypatch.setattr(boto3, "client", lambda _name: Client(), raising=False)
    monkeypatch.setitem(sys.modules, "boto3", boto3)
    (program,) = blocks("python", TEXT)
    exec(compile(program, "docs/hosting.md", "exec"), {})
    own = {"s3.json", ".feeds-manifest.json"}
    files = {str(file.relative_to(out)): file for file in out.rglob("*") if file.is_file()}
    assert put == {name: file.read_bytes() for name, file in files.items() if name not in own}


def test_the_loop_for_s3_says_the_same(tmp_path: Path) -> None:
    bash, jq = tool("bash"), tool("jq")
    (loop,) = [each for each in blocks("sh", TEXT) if "s3api" in each]
    out = run(COMMAND.findall(loop)[0])
    stub = tmp_path / "bin"
    stub.mkdir()
    (stub / "aws").write_text(
        '#!/bin/sh\nprintf "%s\\n" "$6" >> bodies\nprintf "%s\\n" "$8" >> put\n'
    )
    (stub / "aws").chmod(0o755)
    (stub / "jq").symlink_to(jq)
    loop = loop[loop.index("jq ") :]
    subprocess.run(
        [bash, "-euc", loop], check=True, env={"PATH": f"{stub}:/usr/bin:/bin"}, cwd=tmp_path
    )
    listed = json.loads((out / "s3.json").read_text("utf-8"))
    bodies = (tmp_path / "bodies").read_text("utf-8").splitlines()
    put = (tmp_path / "put").read_text("utf-8").splitlines()
    assert bodies == [f"public/{each['file']}" for each in listed]
    assert [json.loads(line) for line in put] == [each["put"] for each in listed]
