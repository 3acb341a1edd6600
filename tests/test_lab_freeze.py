"""The lab study is made of what was frozen."""

import shutil
from pathlib import Path

from bench import lab_freeze


def test_a_changed_word_of_the_world_is_found(tmp_path: Path) -> None:
    for name in lab_freeze.FROZEN:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(lab_freeze.ROOT / name, tmp_path / name)
    lock = tmp_path / "lock"
    lock.write_text("".join(f"{found}  {name}\n" for name, found in lab_freeze.hashes(tmp_path).items()))
    assert lab_freeze.changed(tmp_path, lock) == []
    world = tmp_path / "resolute" / "lab" / "world.py"
    world.write_text(world.read_text() + "# another world\n")
    assert lab_freeze.changed(tmp_path, lock) == ["resolute/lab/world.py"]


def test_a_file_that_the_lock_does_not_know_is_a_change(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    first, *others = lab_freeze.LOCK.read_text().splitlines(keepends=True)
    lock.write_text("".join(others))
    assert first.split()[1] in lab_freeze.changed(lock=lock)
