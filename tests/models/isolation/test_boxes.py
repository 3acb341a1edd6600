"""`bubblewrap` as a sandbox of Inspect AI: a box a sample, commands in it, nothing of it outside or afterwards."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.scorer import CORRECT, Score, Scorer, Target, mean, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.util import (
    OutputLimitExceededError,
    SandboxUnavailableError,
    SandboxUserUnsupportedError,
    override_sandbox_output_limit,
    sandbox,
)

from resolute.models.isolation.boxes import Box
from tests.models.isolation.test_sandbox import _below, _gone

T = TypeVar("T")


def within(work: Callable[[Box], Awaitable[T]]) -> T:
    """Do something in a box of its own, and end it."""

    async def run() -> T:
        boxes = await Box.sample_init("task", None, {})
        try:
            return await work(boxes["default"].as_type(Box))
        finally:
            await Box.sample_cleanup("task", None, boxes, False)

    return asyncio.run(run())


def test_commands_run_in_one_box_that_keeps_its_files(walls: str) -> None:
    async def work(box: Box) -> None:
        assert (await box.exec(["bash", "-c", "echo one | tr a-z A-Z; exit 3"])).stdout == "ONE\n"
        await box.write_file("below/here.txt", "é\r\n")
        assert await box.read_file("below/here.txt") == "é\r\n"
        assert await box.read_file("below/here.txt", text=False) == "é\r\n".encode()
        listed = await box.exec(["ls"], cwd="below", env={"A": "1"})
        assert (listed.success, listed.stdout) == (True, "here.txt\n")
        counted = await box.exec(["python3", "-c", "import sys; print(len(sys.stdin.read()))"], input="x" * 10**6)
        assert counted.stdout == "1000000\n"
        assert (await box.exec(["sh", "-c", "echo $A"], env={"A": "2"})).stdout == "2\n"
        failed = await box.exec(["sh", "-c", "echo no >&2; exit 3"])
        assert (failed.success, failed.returncode, failed.stderr) == (False, 3, "no\n")
        assert (await box.exec(["nosuchprogram"])).returncode == 127

    within(work)


def test_two_boxes_share_nothing(walls: str) -> None:
    async def work() -> None:
        boxes = [(await Box.sample_init("task", None, {}))["default"] for _ in range(2)]
        await asyncio.gather(*(box.write_file("a", str(number)) for number, box in enumerate(boxes)))
        assert await asyncio.gather(*(box.read_file("a") for box in boxes)) == ["0", "1"]
        await Box.sample_cleanup("task", None, dict(enumerate(boxes)), False)  # type: ignore[arg-type]

    asyncio.run(work())


def test_a_box_has_no_network_no_machine_and_no_end_of_processes_or_disk(walls: str) -> None:
    async def work(box: Box) -> None:
        for command in (
            f"cat {__file__}",
            "cat /etc/passwd",
            f"ls {Path.cwd()}",
            "echo x > /usr/x",
            "echo x > /x",
            "python3 -c 'import socket; socket.socket()'",
            "unshare -U true",
            "mount -t tmpfs none /box",
            'python3 -c \'open("big", "wb").write(b"0" * 600_000_000)\'',
        ):
            assert not (await box.exec(["bash", "-c", command], timeout=20)).success, command
        bomb = (
            "import os\nn = 0\ntry:\n  while n < 2000:\n    n += 1\n    if os.fork() == 0: os.read(0, 1); os._exit(0)\n"
        )
        told = await box.exec(["python3", "-c", bomb + "except OSError: print(n)"], input="", timeout=20)
        assert 1 < int(told.stdout) < 300

    within(work)


def test_time_and_output_have_limits_and_the_box_goes_on(walls: str) -> None:
    async def work(box: Box) -> None:
        with pytest.raises(TimeoutError):
            await box.exec(["sleep", "99"], timeout=1)
        with override_sandbox_output_limit(1000):
            with pytest.raises(OutputLimitExceededError):
                await box.exec(["yes"], timeout=20)
            await box.write_file("big", "x" * 2000)
            with pytest.raises(OutputLimitExceededError):
                await box.read_file("big")
        with pytest.raises(FileNotFoundError):
            await box.read_file("nothing")
        with pytest.raises(IsADirectoryError):
            await box.write_file("/box", "x")
        with pytest.raises(PermissionError):
            await box.write_file("/usr/x", "x")
        with pytest.raises(SandboxUserUnsupportedError):
            await box.exec(["true"], user="root")
        assert (await box.exec(["echo", "still"])).stdout == "still\n"

    within(work)


def test_a_box_that_was_killed_from_within_is_unavailable_and_leaves_no_process(walls: str) -> None:
    async def work(box: Box) -> set[int]:
        others = _below(os.getpid())  # processes that tests before this one keep
        await box.exec(["bash", "-c", "(sleep 99 &) ; true"])
        running = _below(os.getpid()) - others
        assert running
        with pytest.raises(SandboxUnavailableError):
            await box.exec(["bash", "-c", "kill -9 -1"])
        with pytest.raises(SandboxUnavailableError):
            await box.read_file("a")
        return running

    assert _gone(within(work))


@solver
def asking() -> Solver:
    async def solve(state: TaskState, generate: Generate) -> TaskState:
        del generate
        state.output.completion = (await sandbox().exec(["cat", "given.txt"])).stdout
        return state

    return solve


@scorer(metrics=[mean()])
def same() -> Scorer:
    async def score(state: TaskState, target: Target) -> Score:
        return Score(value=CORRECT if state.output.completion == target.text else "I")

    return score


def test_a_task_of_inspect_names_it(walls: str, tmp_path: Path) -> None:
    samples = [Sample(input="x", target=str(n), files={"given.txt": str(n)}) for n in range(3)]
    task = Task(dataset=samples, solver=asking(), scorer=same(), sandbox="bubblewrap")
    (log,) = eval(task, model="mockllm/model", display="none", log_dir=str(tmp_path))
    assert log.status == "success"
    assert log.results is not None
    assert log.results.scores[0].metrics["mean"].value == 1
