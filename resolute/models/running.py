"""How asking a model goes: patience with its server, a tally of what was answered, and what an error means."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from resolute.core.errors import ResoluteError
from resolute.core.jobs import Progress
from resolute.models.identity import Model
from resolute.models.purse import Purse

BROKE = "the budget is spent"


class RoleError(Exception):
    """A role beside the target could not be asked: `who` it was and the name of its model."""

    def __init__(self, who: str, model: str) -> None:
        super().__init__(who, model)
        self.who, self.model = who, model


@dataclass(frozen=True)
class Patience:
    """How long a server is waited for. Nothing of it is part of any key."""

    retries: int = 6
    """Times a call is sent again after a failure that may pass (busy, 5xx, no connection); waits double from 3 s."""
    seconds: int = 3_600
    """Longest a call may take with all its retries."""
    client_seconds: int = 1_800
    """Longest one try may take."""
    failures: int = 16
    """Requests that fail one after the other until the rest is left for the next run."""


@dataclass
class Tally:
    """How asking one model goes."""

    model: Model
    progress: Progress
    patience: Patience
    total: int
    done: int = 0
    answered: int = 0
    """Requests with an outcome, those of earlier runs of the same work included."""
    failures: int = 0
    """Failed requests since the last one that was answered."""
    causes: Counter[str] = field(default_factory=Counter[str])
    away: str = ""
    """Why the server is given up."""
    purse: Purse = field(default_factory=Purse)
    broke: bool = False
    """The purse does not cover one more call."""

    @property
    def stopped(self) -> str:
        """Why nothing is asked any more; empty while there is no reason."""
        return self.away or (BROKE if self.broke else "")

    def finish(self) -> None:
        """Note a request that has its outcome."""
        self.failures, self.answered, self.done = 0, self.answered + 1, self.done + 1
        self.progress(f"asking {self.model.name}", self.done, self.total, note=self.purse.shown)

    def fail(self, error: Exception) -> None:
        """Note a failure that may pass; give up where nothing is answered any more, or the key or name is wrong."""
        self.causes[cause(error)] += 1
        self.failures += 1
        if self.failures >= self.patience.failures or status(error) in (401, 403, 404):
            self.away = self.away or cause(error)

    def raise_when_away(self, still_open: int, folder: Path) -> None:
        """Raises `ResoluteError` where the model was given up, or failed every time; `still_open` requests are left."""
        if not self.away and (self.answered or not self.causes):
            return
        causes = ", ".join(f"{kind} x {count}" for kind, count in self.causes.most_common(3))
        what = f"{self.model.name} does not answer: {still_open} of {self.total} requests are open ({causes})"
        mend = "check the server, the model's name and its key, then run the same command: only open requests are asked"
        raise ResoluteError(what, where=str(folder), mend=mend)


def status(error: BaseException | None) -> int | None:
    """The HTTP status behind an error, however often it was wrapped."""
    while error is not None:
        found = getattr(error, "status_code", None)
        if isinstance(found, int):
            return found
        error = error.__cause__ or error.__context__
    return None


def is_the_rows(error: Exception) -> bool:
    """The request itself is at fault: asking again would fail again."""
    return isinstance(error, ResoluteError) or status(error) in (400, 413, 422)


def cause(error: Exception) -> str:
    """What kind of error it is, without any text of the request."""
    if isinstance(error, ResoluteError):
        return error.what
    if isinstance(error, RoleError) and isinstance(error.__cause__, Exception):
        return f"{error.who} {error.model}: {cause(error.__cause__)}"
    root: BaseException = error
    while (below := root.__cause__ or root.__context__) is not None:
        root = below
    code = status(error)
    return type(root).__name__ + (f" (status {code})" if code else "")
