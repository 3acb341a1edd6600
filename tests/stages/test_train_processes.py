"""Several processes train what one would have trained: data parallel and sharded, on CPUs, through accelerate."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from safetensors.torch import load_file

from resolute.core.errors import ResoluteError
from resolute.core.runs import Artifact
from resolute.core.settings import Train
from resolute.models.training.launch import command
from tests.stages.test_train import losses, rows, train
from tests.tiny import make_tiny

UNEVEN = {"epochs": 2, "batch_size": 4, "device_batch_size": 1}
"""Of 7 rows the second step of an epoch has 3, which two processes cannot share evenly."""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Artifact:
    return train(tmp_path_factory.mktemp("alone"), tiny, rows(7), **UNEVEN)


@pytest.mark.parametrize("launch", ["ddp", "fsdp"])
def test_two_processes_take_the_steps_of_one_to_the_same_weights(
    tmp_path: Path, tiny: Path, alone: Artifact, launch: str
) -> None:
    heard: list[tuple[str, int, int]] = []
    both = train(tmp_path, tiny, rows(7), heard, **UNEVEN, launch=launch, processes=2)
    assert both.key == alone.key, "where it is run is no part of what is made"
    assert losses(both) == pytest.approx(losses(alone), rel=1e-5)
    one, two = (load_file(made.folder / "checkpoint" / "model.safetensors") for made in (alone, both))
    assert one.keys() == two.keys()
    assert all(two[name].allclose(weight, atol=1e-6) for name, weight in one.items())
    assert [done for what, done, _ in heard if what == "training"] == [1, 2, 3, 4]
    assert not (both.folder / "work").exists()


@pytest.mark.verify
def test_an_error_in_a_worker_is_told_as_the_error_it_is(tmp_path: Path, tiny: Path) -> None:
    with pytest.raises(ResoluteError, match="NaN or infinite"):
        train(tmp_path, tiny, rows(), learning_rate=1e38, schedule="constant", warmup=0.0, epochs=4, launch="ddp",
              processes=2)  # fmt: skip


@pytest.mark.verify
def test_workers_end_with_the_command_that_started_them(tmp_path: Path, tiny: Path) -> None:
    wanted = (
        "from pathlib import Path; from tests.stages.test_train import rows, train; "
        f"train(Path({str(tmp_path)!r}), {str(tiny)!r}, rows(7), epochs=20_000, launch='ddp', processes=2)"
    )
    process = subprocess.Popen([sys.executable, "-c", wanted], cwd=Path(__file__).parents[2])
    spec = ""
    for _ in range(1200):
        spec = next(iter(map(str, tmp_path.glob(".store/train/*/work/launch/spec.json"))), "")
        if spec and len(_holding(spec)) >= 3:
            break
        time.sleep(0.1)
    assert len(_holding(spec)) >= 3, "the launcher and two workers"
    time.sleep(3)
    process.send_signal(signal.SIGKILL)
    process.wait()
    for _ in range(300):
        if not _holding(spec):
            break
        time.sleep(0.1)
    assert _holding(spec) == []


def _holding(word: str) -> list[int]:
    """Processes whose command line has this word in it."""
    found: list[int] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if word in path.read_bytes().decode("utf-8", "replace") and int(path.parent.name) != os.getpid():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def test_the_launch_line_is_accelerates_and_says_how_many(tmp_path: Path) -> None:
    settings = {"model": "m", "learning_rate": 1e-5, "max_length": 10}
    spec = tmp_path / "spec.json"
    sharded = command(Train.model_validate(settings | {"launch": "fsdp"}), spec, gpus=8)
    assert sharded[1:3] == ["-m", "accelerate.commands.launch"]
    assert sharded[sharded.index("--num_processes") + 1] == "8"
    assert sharded[sharded.index("--fsdp_version") + 1] == "2"
    own = command(Train.model_validate(settings | {"launch": "my/cluster.yaml"}), spec, gpus=0)
    assert own[own.index("--config_file") + 1] == "my/cluster.yaml"
    assert "--num_processes" not in own, "the file says how many"
    with pytest.raises(ResoluteError, match="ddp needs two processes"):
        command(Train.model_validate(settings | {"launch": "ddp"}), spec, gpus=1)
