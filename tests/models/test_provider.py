"""Our Inspect provider as `inspect eval` sees it: raw text, real counts, no state that outlives an event loop."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.log import EvalLog
from inspect_ai.solver import generate

from resolute.core.ask import Sampling
from resolute.models.drawing import Request
from resolute.models.local import Generator
from resolute.models.provider import PARTS
from tests.tiny import make_tiny


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("tiny"), opens=True, context=20_000)


def evaluated(folder: Path, logs: Path, **config: object) -> EvalLog:
    task = Task([Sample(id=f"{n}", input=f"question {n}") for n in range(6)], solver=[generate()])
    model = f"resolute/{folder}"
    (log,) = eval(task, model=model, log_dir=str(logs), display="none", ctl_server=False, **config)  # type: ignore[arg-type]
    return log


def test_a_folder_is_a_model_of_inspect_eval_twice_in_one_process(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    config = {"temperature": 1.0, "max_tokens": 30, "seed": 3}
    first, second = (evaluated(folder, tmp_path / name, **config) for name in ("one", "two"))
    assert first.status == second.status == "success"
    assert first.samples is not None
    assert second.samples is not None
    outputs = [sample.output for sample in first.samples]
    assert [output.completion for output in outputs] == [sample.output.completion for sample in second.samples]
    for output in outputs:
        assert output.usage is not None
        assert 0 < output.usage.output_tokens <= 30
        assert output.usage.input_tokens == 1 + len("question 0") + 4  # one BOS, a token a byte, four marks
        assert output.stop_reason == ("max_tokens" if output.usage.output_tokens == 30 else "stop")
        parts = (output.metadata or {})[PARTS]
        assert parts["had_thought"]
        assert parts["closed"] == ("</think>" in output.completion)


def test_a_sampling_value_that_was_not_given_is_an_error_and_no_default(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    log = evaluated(folder, tmp_path, max_tokens=5)
    assert log.status == "error"
    assert log.error is not None
    assert "temperature and max_tokens have no default" in log.error.message


def test_halted_work_ends_at_its_next_token(folder: Path) -> None:
    generator = Generator(folder, stop_ids=[0])
    long = Request([5, 6, 7], Sampling(temperature=1.0, max_tokens=19_000), seed=0)
    worker = threading.Thread(target=generator.generate, args=([long],))
    worker.start()
    time.sleep(0.5)
    generator.halt()
    worker.join(timeout=30)
    assert not worker.is_alive()
