"""Asking a model many things: the only `eval_set`.

Every request runs its attack, which calls the model as often as it likes; the outcome is kept in the sample's log.
Rules that make Inspect safe here (each measured): its folder is our key's, since it does not see changed prompts;
`continue_on_fail`, since rows that failed under `fail_on_error=False` count as done for ever; small shards, since a log
is written from memory; real-time logging on, so that a kill loses only what was in flight; bounded retries.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resolute.core.ask import Reply, Sampling
from resolute.core.errors import ResoluteError
from resolute.core.jobs import Progress
from resolute.core.parts import Attempt, Scripted
from resolute.core.records import Message
from resolute.models.identity import Model
from resolute.models.requests import Outcomes, Request, failed, with_system
from resolute.models.running import Patience, Running, Tally, told

if TYPE_CHECKING:
    from inspect_ai.model import Model as InspectModel

REMOTE_CALLS = 32
"""Calls in flight at a server, where the caller does not say."""

WAITING = 2
"""Samples under way for each call in flight: while one is being logged, another takes its connection."""

LOG_BUFFER = 100
"""Samples that are written to the log file at once. With real-time logging on, a kill loses none of them (measured)."""

SHARD_ROWS, SHARD_BYTES = 2_000, 32 << 20
"""Most samples and expected bytes of output in one log: Inspect's memory peaks at ten times the text."""


def run_requests(
    requests: Sequence[Request],
    *,
    model: Model,
    sampling: Sampling,
    folder: Path,
    progress: Progress,
    concurrency: int | None = None,
    patience: Patience | None = None,
) -> Outcomes:
    """Ask everything; the outcome of every request by its id. Interrupted work in `folder` is taken up again.

    Requests that failed after all retries have the ending (nothing, error); in the next run exactly these are asked
    again. Raises `ResoluteError` where the server is away or refuses everything: what was answered stays in `folder`.
    `concurrency` is the most calls in flight (None: enough to keep a local model busy, or `REMOTE_CALLS`).
    """
    if len({asked.id for asked in requests}) != len(requests):
        raise ValueError("two requests have one id")
    if model.scripted is not None:
        return asyncio.run(_ask_plainly(requests, model.scripted, progress))
    if not requests:
        return Outcomes()
    tally = Tally(model, progress, patience or Patience(), len(requests))
    running = Running({asked.id: asked for asked in requests}, sampling, tally)
    with own_folders(folder), told(running):
        outcomes = _eval_set(running, folder / "logs", concurrency)
    still_open = [name for name in running.requests if name not in outcomes or _failed(outcomes[name])]
    tally.raise_when_away(len(still_open), folder)
    for asked in requests:
        outcomes.setdefault(asked.id, Attempt([], failed("not asked")))
    return outcomes


def shards(requests: Sequence[Request], sampling: Sampling) -> list[list[Request]]:
    """The same requests always fall into the same shards: a resumed log is matched by its shard's name."""
    expected = 8 * sampling.max_tokens + 4_096
    size = max(1, min(SHARD_ROWS, SHARD_BYTES // expected))
    ordered = sorted(requests, key=lambda asked: asked.id)
    return [ordered[start : start + size] for start in range(0, len(ordered), size)]


def _eval_set(running: Running, logs: Path, concurrency: int | None) -> Outcomes:
    import rich
    from inspect_ai import Task, eval_set
    from inspect_ai.dataset import MemoryDataset, Sample

    from resolute.models import provider, servers
    from resolute.models.logs import collect
    from resolute.models.solver import attacked

    model, patience = running.tally.model, running.tally.patience
    local = model.kind == "local"
    name = provider.name_of(model) if local else model.name
    running.sent = servers.generation(name, running.sampling)
    at_once = concurrency or (provider.PENDING if local else REMOTE_CALLS)
    tasks = [
        Task(
            MemoryDataset([Sample(id=asked.id, input=asked.prompt.text or " ") for asked in shard]),
            solver=attacked(),
            name=f"shard-{number:04}",
        )
        for number, shard in enumerate(shards(list(running.requests.values()), running.sampling))
    ]
    console = rich.get_console()
    quiet, console.quiet = console.quiet, True
    try:
        _, made = eval_set(
            tasks,
            log_dir=os.fspath(logs),
            model=opened(name, {} if local else servers.client(name, patience.client_seconds)),
            retry_attempts=1,
            retry_immediate=False,
            continue_on_fail=True,
            score=False,
            display="none",
            log_level="critical",
            log_realtime=True,
            log_buffer=LOG_BUFFER,
            log_dir_allow_dirty=True,
            ctl_server=False,
            max_tasks=2,
            max_samples=WAITING * at_once,
            max_connections=at_once,
            max_retries=patience.retries,
            timeout=patience.seconds,
            **running.sent,
        )
    finally:
        console.quiet = quiet
    return collect(log.location for log in made)


def opened(name: str, args: dict[str, Any]) -> InspectModel:
    """Inspect's model; a key, address or package it misses is an error of ours that names it."""
    from inspect_ai._util.error import PrerequisiteError
    from inspect_ai.model import get_model
    from rich.text import Text

    try:
        return get_model(name, memoize=False, **args)
    except (PrerequisiteError, ValueError) as error:
        what = " ".join(Text.from_markup(str(error)).plain.removeprefix("ERROR: ").split())
        mend = "set the environment variable or install the package it names; openai-api/SERVICE/MODEL reads "
        mend += "SERVICE_BASE_URL and SERVICE_API_KEY"
        raise ResoluteError(what, where=name, mend=mend) from error


async def _ask_plainly(requests: Sequence[Request], scripted: Scripted, progress: Progress) -> Outcomes:
    outcomes = Outcomes()
    for number, asked in enumerate(requests, 1):

        async def ask(messages: Sequence[Message], seed: int, system: str = asked.system) -> Reply:
            return scripted.reply(with_system(messages, system), seed)

        attempt = await asked.attack.run(asked.prompt, ask, asked.seed)
        outcomes[asked.id] = Attempt(with_system(attempt.sent, asked.system), attempt.reply, attempt.queries)
        if number % 100 == 0 or number == len(requests):
            progress("asking", number, len(requests))
    return outcomes


def _failed(attempt: Attempt) -> bool:
    return attempt.reply.ending.why == "error"


@contextmanager
def own_folders(folder: Path) -> Generator[None]:
    """Inspect's data (its buffers of running samples) inside the key's folder: a kill is taken up from there."""
    import_module("huggingface_hub.constants")  # reads XDG_CACHE_HOME once: the hub's cache must stay the user's
    places = {name: folder / "work" / "inspect" / name.lower() for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME")}
    before = {name: os.environ.get(name) for name in places}
    for name, place in places.items():
        place.mkdir(parents=True, exist_ok=True)
        os.environ[name] = os.fspath(place)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
