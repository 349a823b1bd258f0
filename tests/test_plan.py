"""The plan of a build: a pure function of what is wanted, the manifest, the disk and the state."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest

from feeds.catalog.state import Built
from feeds.static.plan import (
    Action,
    Disk,
    DiskFile,
    Plan,
    Reason,
    Wanted,
    plan,
    plan_compressed,
)

FILE, FOLDER = DiskFile(10, 20), DiskFile(0, 0, is_folder=True)
LINK = DiskFile(10, 20, is_link=True)
LINK_TO_FOLDER = DiskFile(0, 0, is_folder=True, is_link=True)
PARTS = ("site", "feed", "articles", "history", "feeds")
OLD = " ".join(f"{part}:0" for part in PARTS)


def decided(
    documents: dict[str, str] | None = None,
    *,
    host_files: dict[str, str] | None = None,
    compressed: dict[str, str] | None = None,
    manifest: Collection[str] | None = (),
    files: dict[str, DiskFile] | None = None,
    contents: dict[str, frozenset[str]] | None = None,
    state: dict[str, Built] | None = None,
) -> Plan:
    wanted = Wanted(documents or {}, host_files or {}, compressed or {})
    return plan(wanted, manifest, Disk(files or {}, contents or {}), state or {})


def steps(plan: Plan) -> dict[str, tuple[Action, Reason]]:
    return {step.name: (step.action, step.reason) for step in plan.steps}


@pytest.mark.parametrize(
    ("file", "built", "owned", "reason"),
    [
        (None, None, False, Reason.NEW),
        (None, None, True, Reason.MISSING),
        (None, Built(OLD, 10, 20), True, Reason.MISSING),
        (FILE, None, True, Reason.UNRECORDED),
        (FILE, Built(OLD, 11, 20), True, Reason.ALTERED),
        (FILE, Built(OLD, 10, 21), True, Reason.ALTERED),
        (LINK, Built(OLD, 11, 20), True, Reason.ALTERED),
        (FILE, Built("", 10, 20), True, Reason.SITE),
    ],
)
def test_a_file_that_is_not_as_the_last_build_left_it_is_written(
    file: DiskFile | None, built: Built | None, owned: bool, reason: Reason
) -> None:
    name = "rss.xml"
    plan = decided(
        {name: OLD},
        manifest={name} if owned else set(),
        files={name: file} if file else {},
        state={name: built} if built else {},
    )
    assert steps(plan) == {name: (Action.WRITE, reason)}
    assert plan.claims == {name}


@pytest.mark.parametrize("part", PARTS)
def test_the_part_of_a_fingerprint_that_changed_is_the_reason(part: str) -> None:
    # The parts after it changed too: the first one counts.
    changed = PARTS[PARTS.index(part) :]
    new = " ".join(f"{each}:{int(each in changed)}" for each in PARTS)
    state = {"rss.xml": Built(OLD, 10, 20)}
    owned: dict[str, Any] = {"manifest": {"rss.xml"}, "files": {"rss.xml": FILE}, "state": state}
    assert steps(decided({"rss.xml": new}, **owned)) == {
        "rss.xml": (Action.WRITE, Reason[part.upper()])
    }
    assert steps(decided({"rss.xml": OLD}, **owned)) == {"rss.xml": (Action.KEEP, Reason.UNCHANGED)}


def test_a_file_without_a_fingerprint_is_always_written() -> None:
    files, state = {"a.png": FILE}, {"a.png": Built("", 10, 20)}
    plan = decided({"a.png": ""}, manifest={"a.png"}, files=files, state=state)
    assert [step.action for step in plan.steps] == [Action.WRITE]


@pytest.mark.parametrize("file", [FILE, FOLDER, LINK])
def test_a_name_that_somebody_else_took_is_left(file: DiskFile) -> None:
    plan = decided({"rss.xml": OLD}, files={"rss.xml": file})
    assert steps(plan) == {"rss.xml": (Action.LEAVE, Reason.FOREIGN)}
    assert plan.claims == set()


@pytest.mark.parametrize("obstacle", [FILE, LINK, LINK_TO_FOLDER])
def test_a_name_below_a_file_or_a_link_is_left_and_not_removed(obstacle: DiskFile) -> None:
    files = {"topics": obstacle, "topics/ai": FOLDER, "topics/ai/rss.xml": FILE}
    name = "topics/ai/rss.xml"
    assert steps(decided({name: OLD}, manifest={name}, files=files)) == {
        name: (Action.LEAVE, Reason.FOREIGN)
    }
    assert steps(decided(manifest={name}, files=files)) == {}


def test_a_file_gives_way_to_a_folder_and_a_folder_to_a_file() -> None:
    files = {"x": FILE}
    assert steps(decided({"x/y": OLD}, manifest={"x"}, files=files)) == {
        "x": (Action.REMOVE, Reason.UNPUBLISHED),
        "x/y": (Action.WRITE, Reason.NEW),
    }
    files = {"x": FOLDER, "x/y": FILE}
    contents = {"x": frozenset({"x/y"})}
    plan = decided({"x": OLD}, manifest={"x/y"}, files=files, contents=contents)
    assert steps(plan)["x"] == (Action.WRITE, Reason.NEW)
    contents = {"x": frozenset({"x/y", "x/mine.txt"})}
    plan = decided({"x": OLD}, manifest={"x/y"}, files=files, contents=contents)
    assert steps(plan)["x"] == (Action.LEAVE, Reason.FOREIGN)


@pytest.mark.parametrize("file", [FILE, LINK, LINK_TO_FOLDER])
def test_only_files_of_the_manifest_that_are_there_are_removed(file: DiskFile) -> None:
    files = {"old.xml": file, "mine.txt": FILE, "folder": FOLDER}
    plan = decided(manifest={"old.xml", "gone.xml", "folder"}, files=files)
    assert steps(plan) == {"old.xml": (Action.REMOVE, Reason.UNPUBLISHED)}


def test_without_a_manifest_the_files_that_are_as_a_build_left_them_are_ours() -> None:
    files = {"a.xml": FILE, "b.xml": FILE}
    state = {"a.xml": Built(OLD, 10, 20), "b.xml": Built(OLD, 10, 21)}
    plan = decided({"a.xml": OLD, "b.xml": OLD}, manifest=None, files=files, state=state)
    assert steps(plan) == {
        "a.xml": (Action.KEEP, Reason.UNCHANGED),
        "b.xml": (Action.LEAVE, Reason.FOREIGN),
    }


def test_the_files_of_a_host_give_way_to_articles_and_go_with_the_option() -> None:
    host_files = {"s3.json": "host:1"}
    assert steps(decided({"s3.json": "file:1"}, host_files=host_files)) == {
        "s3.json": (Action.LEAVE, Reason.TAKEN)
    }
    owned: dict[str, Any] = {"manifest": {"s3.json"}, "files": {"s3.json": FILE}}
    state = {"s3.json": Built("host:0", 10, 20)}
    plan = decided(host_files=host_files, state=state, **owned)
    assert steps(plan) == {"s3.json": (Action.WRITE, Reason.HOST)}
    plan = decided(state=state, **owned)
    assert steps(plan) == {"s3.json": (Action.REMOVE, Reason.NOT_ASKED)}


COMPRESSED = Built("library:1 source:10-20", 5, 6)


@pytest.mark.parametrize(
    ("built", "file", "library", "expected"),
    [
        (COMPRESSED, DiskFile(5, 6), "1", (Action.KEEP, Reason.UNCHANGED)),
        (COMPRESSED, DiskFile(5, 6), "2", (Action.WRITE, Reason.LIBRARY)),
        (COMPRESSED, DiskFile(5, 7), "1", (Action.WRITE, Reason.ALTERED)),
        (COMPRESSED, None, "1", (Action.WRITE, Reason.MISSING)),
        (None, None, "1", (Action.WRITE, Reason.MISSING)),
        (Built("library:1 source:9-9", 5, 6), DiskFile(5, 6), "1", (Action.WRITE, Reason.SOURCE)),
        (Built("library:1 source:10-20", -1, 0), None, "1", (Action.KEEP, Reason.UNCHANGED)),
    ],
)
def test_a_compressed_file_follows_its_source_and_the_libraries(
    built: Built | None, file: DiskFile | None, library: str, expected: tuple[Action, Reason]
) -> None:
    wanted = Wanted({"rss.xml": OLD}, {}, {"rss.xml.br": "rss.xml"})
    files = {"rss.xml": FILE} | ({"rss.xml.br": file} if file else {})
    state = {"rss.xml": Built(OLD, 10, 20)} | ({"rss.xml.br": built} if built else {})
    disk = Disk(files, {})
    before = plan(wanted, {"rss.xml", "rss.xml.br"}, disk, state)
    assert before.claims == {"rss.xml", "rss.xml.br"}
    assert steps(plan_compressed(wanted, before, disk, state, library)) == {"rss.xml.br": expected}


def test_a_compressed_file_that_somebody_else_wrote_is_left() -> None:
    wanted = Wanted({"rss.xml": OLD}, {}, {"rss.xml.br": "rss.xml"})
    disk = Disk({"rss.xml": FILE, "rss.xml.br": FILE}, {})
    before = plan(wanted, {"rss.xml"}, disk, {})
    assert steps(before)["rss.xml.br"] == (Action.LEAVE, Reason.FOREIGN)
    assert plan_compressed(wanted, before, disk, {}, "1").steps == ()
