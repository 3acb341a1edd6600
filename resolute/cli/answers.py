"""What a run was asked, answered and judged to be: what two runs are compared by."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from resolute.cli.inputs import from_run, is_run
from resolute.core.errors import ResoluteError

if TYPE_CHECKING:
    from resolute.core.results.comparing import Answers


def answers(run: Path) -> Answers:
    """The answers of a run and the verdicts on them. Raises `ResoluteError` for what is no evaluated, judged run."""
    from resolute.core.files import read_records
    from resolute.core.records import Trace, Verdict
    from resolute.core.results.comparing import Answers

    if not is_run(run):
        mend = "name run folders: resolute evaluate --out RUN, then resolute judge run RUN"
        raise ResoluteError("not a run", where=str(run), mend=mend)
    traces = read_records(from_run(run, ["evaluate"]).output("traces.parquet"), Trace)
    verdicts = read_records(from_run(run, ["judge"]).output("verdicts.parquet"), Verdict)
    return Answers(run.name, traces, verdicts)
