"""Digests of files: of their contents alone, read once where they are large, and no edit goes unseen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from resolute.core import digests
from resolute.core.digests import LARGE, content_digest, files_digest
from resolute.core.keys import file_digest


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that were read, in order; nothing is kept of other tests, and a file is settled at once."""
    seen: list[str] = []

    def counted(path: Path) -> str:
        seen.append(path.name)
        return file_digest(path)

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(digests, "SETTLED", 0.0)
    monkeypatch.setattr(digests, "file_digest", counted)
    return seen


def large(path: Path, letter: bytes = b"x") -> Path:
    path.write_bytes(letter * LARGE)
    return path


def test_folders_with_the_same_files_have_one_digest_wherever_they_lie(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder / "in").mkdir(parents=True)
        (tmp_path / folder / "in" / "x").write_text("same")
    before = files_digest(tmp_path / "a", ["in/x"])
    assert before == files_digest(tmp_path / "b", ["in/x"])
    (tmp_path / "b" / "in" / "x").write_text("other")
    assert before != files_digest(tmp_path / "b", ["in/x"])


def test_a_large_file_is_read_once_and_a_small_one_at_every_look(tmp_path: Path, read: list[str]) -> None:
    weights = large(tmp_path / "weights")
    assert content_digest(weights) == content_digest(weights) == file_digest(weights)
    (tmp_path / "config").write_text("{}")
    content_digest(tmp_path / "config")
    content_digest(tmp_path / "config")
    assert read == ["weights", "config", "config"]


def test_an_edit_of_the_same_size_whose_time_was_set_back_is_seen(tmp_path: Path, read: list[str]) -> None:
    weights = large(tmp_path / "weights")
    first, state = content_digest(weights), weights.stat()
    large(weights, b"y")
    os.utime(weights, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert content_digest(weights) != first
    assert content_digest(weights) == file_digest(weights)


def test_another_file_in_its_place_is_read(tmp_path: Path, read: list[str]) -> None:
    weights, other = large(tmp_path / "weights"), large(tmp_path / "other", b"y")
    first, state = content_digest(weights), weights.stat()
    os.utime(other, ns=(state.st_atime_ns, state.st_mtime_ns))
    other.replace(weights)
    assert content_digest(weights) != first


def test_of_a_file_that_was_just_written_nothing_is_kept(
    tmp_path: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digests, "SETTLED", 3600.0)
    weights = large(tmp_path / "weights")
    content_digest(weights)
    content_digest(weights)
    assert read == ["weights", "weights"]


def test_rubbish_in_the_cache_is_not_believed_and_a_cache_that_cannot_be_written_is_done_without(
    tmp_path: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = large(tmp_path / "weights")
    content_digest(weights)
    for kept in (tmp_path / "cache").rglob("digests/*"):
        kept.write_bytes(b"\xff" * 64)
    assert content_digest(weights) == file_digest(weights)
    (tmp_path / "none").write_text("a file")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "none"))
    assert content_digest(weights) == file_digest(weights)
    assert len(read) == 3
