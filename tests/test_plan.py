"""The plan of a build: a pure function of what is wanted, the manifest, the disk and the state."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest

from feeds.catalog.state import Built
from feeds.static import plan
from feeds.static.plan import Action, DiskFile, Plan, Reason, Wanted

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
    state: dict[str, Built] | None = None,
) -> Plan:
    """Return all steps for documents and a host's files; what is to be removed is gone then."""
    wanted = Wanted(documents or {}, host_files or {}, compressed or {})
    disk, state = files or {}, state or {}
    removals = plan.removals(wanted, manifest, disk, state)
    gone = {step.name for step in removals.steps}
    disk = {name: file for name, file in disk.items() if name not in gone}
    written = plan.files(wanted, removals.claims, disk, state)
    return Plan(removals.steps + written.steps, written.claims)


def steps(planned: Plan) -> dict[str, tuple[Action, Reason]]:
    return {step.name: (step.action, step.reason) for step in planned.steps}


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
    planned = decided(
        {name: OLD},
        manifest={name} if owned else set(),
        files={name: file} if file else {},
        state={name: built} if built else {},
    )
    assert steps(planned) == {name: (Action.WRITE, reason)}
    assert planned.claims == {name}


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
    planned = decided({"a.png": ""}, manifest={"a.png"}, files=files, state=state)
    assert [step.action for step in planned.steps] == [Action.WRITE]


@pytest.mark.parametrize("file", [FILE, FOLDER, LINK])
def test_a_name_that_somebody_else_took_is_left(file: DiskFile) -> None:
    planned = decided({"rss.xml": OLD}, files={"rss.xml": file})
    assert steps(planned) == {"rss.xml": (Action.LEAVE, Reason.FOREIGN)}
    assert planned.claims == set()


@pytest.mark.parametrize("obstacle", [FILE, LINK, LINK_TO_FOLDER])
def test_a_name_below_a_file_or_a_link_is_left_and_not_removed(obstacle: DiskFile) -> None:
    files = {"topics": obstacle, "topics/ai": FOLDER, "topics/ai/rss.xml": FILE}
    name = "topics/ai/rss.xml"
    assert steps(decided({name: OLD}, manifest={name}, files=files)) == {
        name: (Action.LEAVE, Reason.FOREIGN)
    }
    assert steps(decided(manifest={name}, files=files)) == {}


def test_a_file_gives_way_to_a_folder_and_no_folder_to_a_file() -> None:
    assert steps(decided({"x/y": OLD}, manifest={"x"}, files={"x": FILE})) == {
        "x": (Action.REMOVE, Reason.UNPUBLISHED),
        "x/y": (Action.WRITE, Reason.NEW),
    }
    # A folder that the removals left is not empty: something of others is in it.
    files = {"x": FOLDER, "x/y": FILE}
    assert steps(decided({"x": OLD}, manifest={"x", "x/y"}, files=files)) == {
        "x/y": (Action.REMOVE, Reason.UNPUBLISHED),
        "x": (Action.LEAVE, Reason.FOREIGN),
    }


@pytest.mark.parametrize("file", [FILE, LINK, LINK_TO_FOLDER])
def test_only_files_of_the_manifest_that_are_there_are_removed(file: DiskFile) -> None:
    files = {"old.xml": file, "mine.txt": FILE, "folder": FOLDER}
    planned = decided(manifest={"old.xml", "gone.xml", "folder"}, files=files)
    assert steps(planned) == {"old.xml": (Action.REMOVE, Reason.UNPUBLISHED)}


def test_without_a_manifest_the_files_that_are_as_a_build_left_them_are_ours() -> None:
    files = {"a.xml": FILE, "b.xml": FILE}
    state = {"a.xml": Built(OLD, 10, 20), "b.xml": Built(OLD, 10, 21)}
    planned = decided({"a.xml": OLD, "b.xml": OLD}, manifest=None, files=files, state=state)
    assert steps(planned) == {
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
    planned = decided(host_files=host_files, state=state, **owned)
    assert steps(planned) == {"s3.json": (Action.WRITE, Reason.HOST)}
    planned = decided(state=state, **owned)
    assert steps(planned) == {"s3.json": (Action.REMOVE, Reason.NOT_ASKED)}


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
    before = plan.files(wanted, {"rss.xml", "rss.xml.br"}, files, state)
    assert before.claims == {"rss.xml", "rss.xml.br"}
    after = plan.compressed_files(wanted, before.claims, files, state, library)
    assert steps(after) == {"rss.xml.br": expected}


def test_a_compressed_file_that_somebody_else_wrote_is_left() -> None:
    wanted = Wanted({"rss.xml": OLD}, {}, {"rss.xml.br": "rss.xml"})
    disk = {"rss.xml": FILE, "rss.xml.br": FILE}
    before = plan.files(wanted, {"rss.xml"}, disk, {})
    assert before.claims == {"rss.xml"}
    after = plan.compressed_files(wanted, before.claims, disk, {}, "1")
    assert steps(after) == {"rss.xml.br": (Action.LEAVE, Reason.FOREIGN)}


def test_a_compressed_file_goes_with_its_source() -> None:
    wanted = Wanted({"a.svg": ""}, {}, {"a.svg.br": "a.svg"})
    after = plan.compressed_files(wanted, {"a.svg.br"}, {"a.svg.br": FILE}, {}, "1")
    assert steps(after) == {"a.svg.br": (Action.REMOVE, Reason.UNPUBLISHED)}
    assert steps(plan.compressed_files(wanted, (), {"a.svg.br": FILE}, {}, "1")) == {}
