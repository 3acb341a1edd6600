"""Two runs once more, their answers bare and of equal length: judged again by the instruments that judged them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from resolute.cli.inputs import from_run
from resolute.cli.making import Line, make

if TYPE_CHECKING:
    from resolute.core.results.comparing import Answers, Compared
    from resolute.core.results.levelling import Levelled


def judged_level(
    runs: tuple[Path, Path], both: tuple[Answers, Answers], out: Path, margin: float
) -> tuple[Compared, Levelled]:
    """The comparison of levelled answers. They lie in the quarantine of `out`, for its owner only."""
    from resolute.core.files import read_records, write_records
    from resolute.core.quarantine import quarantine
    from resolute.core.records import Trace, Verdict
    from resolute.core.results.comparing import Answers, compared
    from resolute.core.results.levelling import levelled

    made = levelled(both[0].traces, both[1].traces)
    found: list[Answers] = []
    for name, run, one, traces in zip(("first", "second"), runs, both, (made.first, made.second), strict=True):
        place = quarantine(out) / "level"
        write_records(place / f"{name}.parquet", traces, Trace)
        settings = from_run(run, ["judge"]).manifest.settings
        options = {"judges": settings["judges"] or None, "thresholds": settings["thresholds"] or None}
        artifact = make("judge", Line(place / name, None, [], False), {"traces": place / f"{name}.parquet"}, options)
        assert artifact is not None, "it is made, not planned"
        found.append(Answers(one.name, traces, read_records(artifact.output("verdicts.parquet"), Verdict)))
    return compared(found[0], found[1], margin=margin), made
