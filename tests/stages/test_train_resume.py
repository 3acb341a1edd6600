"""A training that is killed goes on from its newest whole checkpoint and ends where an unbroken one ends."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from resolute.core.errors import ResoluteError
from resolute.core.files import read_jsonl, write_json
from resolute.models.training.watch import WHOLE, latest
from tests.stages.test_train import losses, rows, train, weights
from tests.tiny import make_tiny

SETTINGS = {"epochs": 6, "batch_size": 4, "device_batch_size": 2, "schedule": "linear"}
KILLED_AFTER = 5
"""Steps of 12: in the middle of an epoch of two."""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Path:
    """The folder of a training in a process of its own that was killed once checkpoints stood."""
    folder = tmp_path_factory.mktemp("killed")
    wanted = json.dumps({"folder": str(folder), "model": str(tiny), "settings": SETTINGS | {"checkpoint_every": 1}})
    call = [sys.executable, "-c", _CHILD, wanted]
    process = subprocess.Popen(call, cwd=Path(__file__).parents[2], stderr=subprocess.PIPE)
    for _ in range(6000):  # a busy machine takes a minute to import torch
        whole = folder.glob(f".store/train/*/work/trainer/*/{WHOLE}")
        if any(int(path.parent.name.partition("-")[2]) >= KILLED_AFTER for path in whole):
            break
        assert process.poll() is None, process.stderr and process.stderr.read()[-2000:]
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return folder


def scratch_of(folder: Path) -> Path:
    (found,) = folder.glob(".store/train/*/work")
    return found


_CHILD = """
import json, sys
from pathlib import Path
from tests.stages.test_train import rows, train
wanted = json.loads(sys.argv[1])
train(Path(wanted["folder"]), wanted["model"], rows(7), **wanted["settings"])
"""


def test_a_killed_training_ends_with_the_weights_of_one_that_was_not(tmp_path: Path, tiny: Path, killed: Path) -> None:
    unbroken = train(tmp_path / "unbroken", tiny, rows(7), **SETTINGS)
    folder = Path(shutil.copytree(killed, tmp_path / "killed"))
    scratch = scratch_of(folder)
    assert not (scratch.parent / "checkpoint").exists(), "killed before the end"
    again = train(folder, tiny, rows(7), **SETTINGS, checkpoint_every=1)
    assert any("gone on from the checkpoint at step" in note for note in again.manifest.history)
    assert again.manifest.notes == []
    assert weights(again) == weights(unbroken)
    assert losses(again) == losses(unbroken), "the losses of the steps before the kill are kept"
    assert not scratch.exists(), "no optimizer state is left behind"


def test_a_checkpoint_that_a_kill_cut_short_is_removed_and_the_one_before_is_taken(tmp_path: Path) -> None:
    for name, whole in (("checkpoint-2", True), ("checkpoint-10", False), ("checkpoint-9", True)):
        (tmp_path / name).mkdir()
        if whole:
            (tmp_path / name / WHOLE).touch()
    assert latest(tmp_path) == tmp_path / "checkpoint-9"
    assert not (tmp_path / "checkpoint-10").exists()
    assert latest(tmp_path / "none") is None


def test_checkpoints_of_another_launch_are_not_gone_on_from(tmp_path: Path, tiny: Path, killed: Path) -> None:
    folder = Path(shutil.copytree(killed, tmp_path / "killed"))
    write_json(scratch_of(folder) / "trainer" / "launch.json", {"launch": "fsdp", "processes": 2})
    again = train(folder, tiny, rows(7), **SETTINGS, checkpoint_every=1)
    assert not [note for note in again.manifest.notes if "gone on" in note]


def test_only_safetensors_hold_weights_and_the_last_two_checkpoints_are_kept(killed: Path) -> None:
    found = [path for path in (scratch_of(killed) / "trainer").iterdir() if (path / WHOLE).is_file()]
    assert 1 <= len(found) <= 3, "two, and the one that is being rotated out"
    for path in found:
        assert (path / "model.safetensors").is_file()
        assert not list(path.glob("pytorch_model*"))


def test_the_held_out_loss_is_written_before_and_after_every_epoch_and_those_rows_are_not_trained_on(
    tmp_path: Path, tiny: Path
) -> None:
    made = train(tmp_path, tiny, rows(8), hold_out=2, epochs=3, batch_size=3, learning_rate=1e-2)
    held = read_jsonl(made.folder / "held_out.jsonl")
    assert [row["step"] for row in held] == [0, 2, 4, 6]
    assert held[-1]["thought"] < held[0]["thought"]
    assert held[-1]["answer"] < held[0]["answer"]
    assert made.manifest.counts["held_out"] == 2
    assert made.manifest.counts["steps"] == 6
    with pytest.raises(ResoluteError, match="8 of 8 rows would be held out"):
        train(tmp_path / "all", tiny, rows(8), hold_out=8)


def test_a_logger_that_is_not_installed_is_refused_before_any_step(tmp_path: Path, tiny: Path) -> None:
    with pytest.raises(ResoluteError, match="no such logger installed: nowhere"):
        train(tmp_path, tiny, report_to=("nowhere",))


def test_qlora_without_a_gpu_is_refused_with_what_to_do(tmp_path: Path, tiny: Path) -> None:
    with pytest.raises(ResoluteError, match="qlora needs a GPU"):
        train(tmp_path, tiny, method="qlora")
