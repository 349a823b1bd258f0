"""The plan of a build: a pure function of what is wanted, the manifest, the disk and the state."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import pytest

from feeds.catalog.state import Built
from feeds.static.plan import Action, DiskFile, Plan, Reason, Step

FILE, FOLDER = DiskFile(10, 20), DiskFile(0, 0, is_folder=True)
LINK = DiskFile(10, 20, is_link=True)
LINK_TO_FOLDER = DiskFile(0, 0, is_folder=True, is_link=True)
PARTS = ("configuration", "feed", "articles", "history", "feeds")
OLD = " ".join(f"{part}:0" for part in PARTS)


def plan_of(
    documents: dict[str, str] | None = None,
    *,
    host_files: dict[str, str] | None = None,
    compressed: dict[str, str] | None = None,
    manifest: Collection[str] = (),
    files: dict[str, DiskFile] | None = None,
    state: dict[str, Built] | None = None,
) -> Plan:
    return Plan(
        documents or {}, host_files or {}, compressed or {}, state or {}, manifest, files or {}
    )


def decided(plan: Plan) -> list[Step]:
    """Return all steps for documents and a host's files; what is to be removed is gone then."""
    removals = plan.removals()
    gone = {step.name for step in removals}
    disk = {name: file for name, file in plan.disk.items() if name not in gone}
    return removals + plan._replace(disk=disk).files()


def steps(decisions: Iterable[Step]) -> dict[str, tuple[Action, Reason]]:
    return {step.name: (step.action, step.reason) for step in decisions}


@pytest.mark.parametrize(
    ("file", "built", "owned", "reason"),
    [
        (None, None, False, Reason.NEW),
        (None, None, True, Reason.UNRECORDED),
        (None, Built(OLD, 10, 20), True, Reason.MISSING),
        (FILE, None, True, Reason.UNRECORDED),
        (FILE, Built(OLD, 11, 20), True, Reason.ALTERED),
        (FILE, Built(OLD, 10, 21), True, Reason.ALTERED),
        (LINK, Built(OLD, 11, 20), True, Reason.ALTERED),
        (FILE, Built("", 10, 20), True, Reason.CONFIGURATION),
    ],
)
def test_a_file_that_is_not_as_the_last_build_left_it_is_written(
    file: DiskFile | None, built: Built | None, owned: bool, reason: Reason
) -> None:
    name = "rss.xml"
    plan = plan_of(
        {name: OLD},
        manifest={name} if owned else set(),
        files={name: file} if file else {},
        state={name: built} if built else {},
    )
    assert steps(decided(plan)) == {name: (Action.WRITE, reason)}
    assert plan.claims(plan.files()) == {name}


@pytest.mark.parametrize("part", PARTS)
def test_the_part_of_a_fingerprint_that_changed_is_the_reason(part: str) -> None:
    # The parts after it changed too: the first one counts.
    changed = PARTS[PARTS.index(part) :]
    new = " ".join(f"{each}:{int(each in changed)}" for each in PARTS)
    state = {"rss.xml": Built(OLD, 10, 20)}
    owned: dict[str, Any] = {"manifest": {"rss.xml"}, "files": {"rss.xml": FILE}, "state": state}
    changes = plan_of({"rss.xml": new}, **owned)
    assert steps(decided(changes)) == {"rss.xml": (Action.WRITE, Reason[part.upper()])}
    same = plan_of({"rss.xml": OLD}, **owned)
    assert steps(decided(same)) == {"rss.xml": (Action.KEEP, Reason.UNCHANGED)}


def test_a_file_without_a_fingerprint_is_always_written() -> None:
    files, state = {"a.png": FILE}, {"a.png": Built("", 10, 20)}
    plan = plan_of({"a.png": ""}, manifest={"a.png"}, files=files, state=state)
    assert [step.action for step in decided(plan)] == [Action.WRITE]


@pytest.mark.parametrize("file", [FILE, FOLDER, LINK])
def test_a_name_that_somebody_else_took_is_left(file: DiskFile) -> None:
    plan = plan_of({"rss.xml": OLD}, files={"rss.xml": file})
    assert steps(decided(plan)) == {"rss.xml": (Action.LEAVE, Reason.FOREIGN)}
    assert plan.claims(plan.files()) == set()


@pytest.mark.parametrize("obstacle", [FILE, LINK, LINK_TO_FOLDER])
def test_a_name_below_a_file_or_a_link_is_left_and_not_removed(obstacle: DiskFile) -> None:
    files = {"topics": obstacle, "topics/ai": FOLDER, "topics/ai/rss.xml": FILE}
    name = "topics/ai/rss.xml"
    plan = plan_of({name: OLD}, manifest={name}, files=files)
    assert steps(decided(plan)) == {name: (Action.LEAVE, Reason.FOREIGN)}
    assert plan.claims(plan.files()) == set()
    assert decided(plan_of(manifest={name}, files=files)) == []


def test_a_file_gives_way_to_a_folder_and_no_folder_to_a_file() -> None:
    assert steps(decided(plan_of({"x/y": OLD}, manifest={"x"}, files={"x": FILE}))) == {
        "x": (Action.REMOVE, Reason.UNPUBLISHED),
        "x/y": (Action.WRITE, Reason.NEW),
    }
    # A folder that the removals left is not empty: something of others is in it.
    files = {"x": FOLDER, "x/y": FILE}
    assert steps(decided(plan_of({"x": OLD}, manifest={"x", "x/y"}, files=files))) == {
        "x/y": (Action.REMOVE, Reason.UNPUBLISHED),
        "x": (Action.LEAVE, Reason.FOREIGN),
    }


@pytest.mark.parametrize("file", [FILE, LINK, LINK_TO_FOLDER])
def test_only_files_of_the_manifest_that_are_there_are_removed(file: DiskFile) -> None:
    files = {"old.xml": file, "mine.txt": FILE, "folder": FOLDER}
    plan = plan_of(manifest={"old.xml", "gone.xml", "folder"}, files=files)
    assert steps(decided(plan)) == {"old.xml": (Action.REMOVE, Reason.UNPUBLISHED)}


def test_the_files_of_a_host_give_way_to_articles_and_go_with_the_option() -> None:
    host_files = {"s3.json": "host:1"}
    plan = plan_of({"s3.json": "file:1"}, host_files=host_files)
    assert [step[:3] for step in decided(plan)] == [
        ("s3.json", Action.WRITE, Reason.NEW),
        ("s3.json", Action.LEAVE, Reason.TAKEN),
    ]
    assert plan.claims(plan.files()) == {"s3.json"}
    owned: dict[str, Any] = {"manifest": {"s3.json"}, "files": {"s3.json": FILE}}
    state = {"s3.json": Built("host:0", 10, 20)}
    plan = plan_of(host_files=host_files, state=state, **owned)
    assert steps(decided(plan)) == {"s3.json": (Action.WRITE, Reason.HOST)}
    plan = plan_of(state=state, **owned)
    assert steps(decided(plan)) == {"s3.json": (Action.REMOVE, Reason.NOT_ASKED)}


COMPRESSED = Built("library:1 source:10-20", 5, 6)


@pytest.mark.parametrize(
    ("built", "file", "library", "expected"),
    [
        (COMPRESSED, DiskFile(5, 6), "1", (Action.KEEP, Reason.UNCHANGED)),
        (COMPRESSED, DiskFile(5, 6), "2", (Action.WRITE, Reason.LIBRARY)),
        (COMPRESSED, DiskFile(5, 7), "1", (Action.WRITE, Reason.ALTERED)),
        (COMPRESSED, None, "1", (Action.WRITE, Reason.MISSING)),
        (None, None, "1", (Action.WRITE, Reason.UNRECORDED)),
        (Built("library:1 source:9-9", 5, 6), DiskFile(5, 6), "1", (Action.WRITE, Reason.SOURCE)),
        (Built("library:1 source:10-20", -1, 0), None, "1", (Action.KEEP, Reason.UNCHANGED)),
    ],
)
def test_a_compressed_file_follows_its_source_and_the_libraries(
    built: Built | None, file: DiskFile | None, library: str, expected: tuple[Action, Reason]
) -> None:
    files = {"rss.xml": FILE} | ({"rss.xml.br": file} if file else {})
    state = {"rss.xml": Built(OLD, 10, 20)} | ({"rss.xml.br": built} if built else {})
    owned = {"rss.xml", "rss.xml.br"}
    plan = plan_of(
        {"rss.xml": OLD},
        compressed={"rss.xml.br": "rss.xml"},
        manifest=owned,
        files=files,
        state=state,
    )
    assert plan.claims(plan.files()) == owned
    assert steps(plan.compressed_files(library)) == {"rss.xml.br": expected}


def test_a_compressed_file_that_somebody_else_wrote_is_left() -> None:
    files, compressed = {"rss.xml": FILE, "rss.xml.br": FILE}, {"rss.xml.br": "rss.xml"}
    plan = plan_of({"rss.xml": OLD}, compressed=compressed, manifest={"rss.xml"}, files=files)
    assert plan.claims(plan.files()) == {"rss.xml"}
    assert steps(plan.compressed_files("1")) == {"rss.xml.br": (Action.LEAVE, Reason.FOREIGN)}


def test_a_compressed_file_goes_with_its_source() -> None:
    compressed, files = {"a.svg.br": "a.svg"}, {"a.svg.br": FILE}
    plan = plan_of({"a.svg": ""}, compressed=compressed, manifest={"a.svg.br"}, files=files)
    assert steps(plan.compressed_files("1")) == {"a.svg.br": (Action.REMOVE, Reason.UNPUBLISHED)}
    assert plan._replace(owned=()).compressed_files("1") == []
