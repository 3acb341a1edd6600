"""Which stored requests of a run an evaluation sends again, and whether they are its to send."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path

from resolute.core.errors import ResoluteError
from resolute.core.files import read_records
from resolute.core.records import Trace
from resolute.core.replay import Again, Stored, stored
from resolute.core.runs import Artifact, Run
from resolute.core.settings import Evaluate

TRANSCRIPTS = "quarantine/transcripts.parquet"


def source(settings: Evaluate) -> Artifact:
    """The evaluation whose requests are replayed. Raises `ResoluteError` where the setting names no run with one."""
    assert settings.replay is not None
    run = Run(Path(settings.replay))
    if not run.exists:
        mend = "name a run folder of your own: resolute evaluate --out RUN made it"
        raise ResoluteError(
            "not a run, and requests of other places are not replayed", where=settings.replay, mend=mend
        )
    return run.latest("evaluate")


def check(settings: Evaluate, store: Path) -> None:
    """Raises `ResoluteError` where the replayed run lies in another store than the one that is written to."""
    if settings.replay is not None and Run(Path(settings.replay)).store.resolve() != store.resolve():
        mend = "evaluate beside it: let --out name a folder beside the replayed run"
        raise ResoluteError("the replayed run belongs to another study", where=settings.replay, mend=mend)


def replayed(settings: Evaluate, goals: Mapping[str, Collection[str]]) -> Stored:
    """Every stored request of the run that the settings name; none where they name none. `goals` are those asked, by
    task. Raises `ResoluteError` where a request is about another goal, a file was changed, or there is nothing."""
    if settings.replay is None:
        return Stored((), ())
    artifact = source(settings)
    path = artifact.output(TRANSCRIPTS if settings.replay_turns else "traces.parquet")
    found = _read(path, artifact.manifest.outputs[str(path.relative_to(artifact.folder))])
    if not found.requests:
        mend = "name a run that was attacked: resolute evaluate --attack pair"
        raise ResoluteError("no stored request of an attack can be replayed", where=settings.replay, mend=mend)
    strange = [one for one in found.requests if one.prompt.goal not in goals.get(one.task, ())]
    if strange:
        tasks = ", ".join(sorted({one.task for one in strange}))
        what = f"{len(strange)} of {len(found.requests)} stored requests have goals not asked here (in {tasks})"
        raise ResoluteError(what, where=settings.replay, mend="name the suites, and as many goals, as that run has")
    return found


def by_task(found: Stored) -> dict[str, tuple[Again, ...]]:
    """Task -> its requests."""
    tasks = dict.fromkeys(one.task for one in found.requests)
    return {task: tuple(one for one in found.requests if one.task == task) for task in tasks}


@cache
def _read(path: Path, sha256: str) -> Stored:
    """`sha256` is of the file: one that was made again is read again."""
    return stored(read_records(path, Trace))
