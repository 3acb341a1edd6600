"""One training on several processes: `accelerate launch` starts `worker`, which calls the same `fit`.

The rows that passed the gate are handed over as Parquet, so that every process trains on what was audited. This process
imports no torch: it reads the first worker's progress line by line. When it ends, however it ends, the workers end too:
their standard input closes.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from resolute.core.errors import ResoluteError
from resolute.core.files import read_json, write_json
from resolute.core.jobs import Progress
from resolute.core.settings import Train
from resolute.models.training.scope import Row, write_rows

SPEC, ROWS, HELD_OUT, RESULT, LOG = "spec.json", "rows.parquet", "held-out.parquet", "result.json", "launch.log"
SAID = "resolute: "
"""What a worker's lines for this process begin with."""
_ERROR = re.compile(r"^\[rank\d+\]: (\w[\w.]*(?:Error|Exception|Interrupt)\b.*)", re.MULTILINE)
"""The last line of a worker's traceback."""


def command(settings: Train, spec: Path, *, gpus: int) -> list[str]:
    """The launch line. `gpus` is how many this machine has; 0 means processes on the CPU."""
    processes = settings.processes or gpus
    line = [sys.executable, "-m", "accelerate.commands.launch"]
    if settings.launch not in ("ddp", "fsdp"):
        line += ["--config_file", settings.launch]
        line += ["--num_processes", str(settings.processes)] if settings.processes else []
    else:
        if processes < 2:
            mend = "set train.processes, or train.launch: single"
            raise ResoluteError(f"{settings.launch} needs two processes or more", where="train.launch", mend=mend)
        # `--multi_gpu` is accelerate's word for torch's own launcher, which starts processes without GPUs as well.
        line += ["--num_machines", "1", "--num_processes", str(processes), "--dynamo_backend", "no"]
        line += ["--mixed_precision", "no", "--main_process_port", "0"]
        line += _SHARDED if settings.launch == "fsdp" else ["--multi_gpu"]
    return [*line, "-m", "resolute.models.training.worker", str(spec)]


_SHARDED = [
    "--use_fsdp", "--fsdp_version", "2", "--fsdp_auto_wrap_policy", "TRANSFORMER_BASED_WRAP",
    "--fsdp_state_dict_type", "FULL_STATE_DICT", "--fsdp_reshard_after_forward", "true",
    "--fsdp_cpu_ram_efficient_loading", "true",
]  # fmt: skip


def launched(
    settings: Train, folder: Path, rows: Sequence[Row], held_out: Sequence[Row], scratch: Path, progress: Progress
) -> dict[str, Any]:
    """Train as `tune.fit` does, on the processes that `settings.launch` asks for.

    Returns `losses`, `held_out` and `resumed`. Raises the `ResoluteError` of the first worker that had one, or one with
    the last lines of the log.
    """
    place = scratch / "launch"
    place.mkdir(parents=True, exist_ok=True)
    write_rows(place / ROWS, rows)
    write_rows(place / HELD_OUT, held_out)
    (place / RESULT).unlink(missing_ok=True)
    write_json(place / SPEC, {"settings": settings.model_dump(mode="json"), "folder": str(folder)})
    line = command(settings, place / SPEC, gpus=_gpus())
    environment = os.environ | {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}
    with (place / LOG).open("wb") as log:
        # A session of its own: Ctrl-C is ours to handle, and the workers are ended by their input closing.
        process = subprocess.Popen(
            line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment, start_new_session=True
        )
        failure = _follow(process, progress)
        assert process.stdin is not None
        process.stdin.close()
        code = process.wait()
    if failure is not None:
        raise failure
    if code or not (place / RESULT).is_file():
        raise _broken(line, code, place / LOG)
    return read_json(place / RESULT)


def _follow(process: subprocess.Popen[bytes], progress: Progress) -> ResoluteError | None:
    """Pass progress on until the workers have closed their output; the first error one of them told, or None."""
    assert process.stdout is not None
    failure: ResoluteError | None = None
    try:
        for raw in process.stdout:
            text = raw.decode("utf-8", "replace")
            if not text.startswith(SAID):
                continue
            said = json.loads(text.removeprefix(SAID))
            if "error" in said:
                failure = failure or ResoluteError(**said["error"])
            else:
                progress(said["what"], said["done"], said["total"], note=said["note"])
    except BaseException:
        process.kill()
        raise
    return failure


def _broken(line: Sequence[str], code: int, log: Path) -> ResoluteError:
    text = log.read_text(encoding="utf-8", errors="replace")
    # What the others say when one is gone explains nothing.
    found = [line for line in _ERROR.findall(text) if "closed by peer" not in line]
    last = [line for line in text.splitlines() if line.strip()][-1:]
    what = f"the launched processes ended with {code}: {next(iter([*found, *last]), 'no word in the log')[:600]}"
    return ResoluteError(what, where=str(log), mend=f"read the log; the command was: {shlex.join(line)}")


def _gpus() -> int:
    """GPUs of this machine, asked of its driver."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return 0
    try:
        found = subprocess.run([program, "-L"], capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return len([name for name in visible.split(",") if name.strip()])
    return len([text for text in found.stdout.splitlines() if text.startswith("GPU ")])
