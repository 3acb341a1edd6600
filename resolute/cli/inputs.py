"""What an input is: a run folder, an artifact's file, or a file of other people; and which role it plays."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from resolute.cli.console import say
from resolute.core.errors import ResoluteError

if TYPE_CHECKING:
    from resolute.core.runs import Artifact

ROLES = {"Trace": "traces", "RiskReport": "risks", "Verdict": "verdicts", "Example": "examples"}
"""Record of a Parquet file -> its role."""


def is_run(path: Path) -> bool:
    """Whether a folder points to artifacts of a store."""
    return (path / "run.json").is_file()


def home(first: Path | str, out: Path | None) -> Path:
    """The run folder: the one named, else the input's own, else `runs/` and the input's name."""
    if out is not None:
        return out
    if isinstance(first, Path) and is_run(first):
        return first
    name = Path(first).name.partition(".")[0] if isinstance(first, Path) else first.rpartition("/")[2]
    return Path("runs") / (name or "unnamed")


def from_run(path: Path, stages: Sequence[str]) -> Artifact:
    """The artifact of one of `stages` that was added to the run last."""
    from resolute.core.runs import Run

    found = [(name, artifact) for name, artifact in Run(path).entries().items() if artifact.stage in stages]
    if not found:
        names = " or ".join(stages)
        raise ResoluteError(f"the run has no {names}", where=str(path), mend=f"run `resolute {stages[0]}` first")
    name, artifact = found[-1]
    say(f"{path}: using {name} ({artifact.key})", err=True)
    return artifact


def numbered(role: str, paths: Sequence[Path]) -> dict[str, Path]:
    """`role`, `role-2`, ... in the order given."""
    return {role if not number else f"{role}-{number + 1}": path for number, path in enumerate(paths)}


def traces(paths: Sequence[Path]) -> dict[str, Path]:
    """The traces each input holds or leads to."""
    return numbered("traces", [_written(_maker(p)) if is_run(p) else _file(p) for p in paths])


def _maker(run: Path) -> Artifact:
    """Who wrote the traces of a run: a model that was asked, or the stage that read other people's file."""
    from resolute.core.runs import Run

    held = {artifact.stage for artifact in Run(run).entries().values()}
    asked = [stage for stage in ("distill", "evaluate") if stage in held]
    return from_run(run, asked or ["audit", "judge"])


def _written(maker: Artifact) -> Path:
    """The traces an artifact wrote, or those it was made of where it took ours as they are."""
    from resolute.core.jobs import input_digest

    source = Path(maker.manifest.sources.get("traces", ""))
    taken = "traces.parquet" not in maker.manifest.outputs and source.is_file()
    same = taken and input_digest(source) == maker.manifest.inputs["traces"]
    return source if same else maker.output("traces.parquet")


def role_of(path: Path) -> str:
    """The role of a file: what records it says it holds, or traces for files of other people."""
    if path.suffix != ".parquet":
        return "traces"
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata = dict(pq.read_schema(path).metadata or {})
    except (OSError, pa.ArrowInvalid) as error:
        raise ResoluteError(
            "not a Parquet file", where=str(path), mend="check the path; make the file again"
        ) from error
    return ROLES.get(metadata.get(b"record", b"").decode(), "traces")


def _file(path: Path) -> Path:
    """An input that must be there before anything is planned; one that lies elsewhere is fetched."""
    from resolute.core.foreign.remote import local

    path = local(path)
    if not path.exists():
        raise ResoluteError("no such file or folder", where=str(path), mend="check the path")
    return path


def material(paths: Sequence[Path], *, repaired: bool = True) -> dict[str, Path]:
    """Everything a training set is made from: traces, what was found in them and what was judged of them; with
    `repaired`, those that were repaired from them too."""
    found: dict[str, list[Path]] = {"traces": [], "risks": [], "verdicts": []}
    for path in paths:
        if is_run(path):
            _material_of_run(path, found, repaired=repaired)
        else:
            there = _file(path)
            found.setdefault(role_of(there), []).append(there)
    return {role: path for kind, items in found.items() for role, path in numbered(kind, items).items()}


def _material_of_run(path: Path, found: dict[str, list[Path]], *, repaired: bool) -> None:
    from resolute.core.runs import Run

    held = {artifact.stage for artifact in Run(path).entries().values()}
    maker = _maker(path)
    found["traces"].append(_written(maker))
    for role, stage in (("risks", "audit"), ("verdicts", "judge")):
        if stage in held:
            found[role].append(from_run(path, [stage]).output(f"{role}.parquet"))
        elif f"{role}.parquet" in maker.manifest.outputs:  # a teacher's traces that were graded as they came
            found[role].append(maker.output(f"{role}.parquet"))
    if "repair" in held and repaired:
        _repaired(path, found)


def _repaired(path: Path, found: dict[str, list[Path]]) -> None:
    """What was repaired of these very traces; that of others is left out aloud."""
    from resolute.core.keys import file_digest

    artifact = from_run(path, ["repair"])
    if artifact.manifest.inputs["traces"] != file_digest(found["traces"][-1]):
        say(f"{path}: its repair is of other traces and is left out; run `resolute repair` again", err=True)
        return
    for role in found:
        if f"{role}.parquet" in artifact.manifest.outputs:
            found[role].append(artifact.output(f"{role}.parquet"))


def examples(path: Path) -> Path:
    """The training rows a run or a file holds."""
    return from_run(path, ["curate"]).output("examples.parquet") if is_run(path) else _file(path)


RECIPES = (".yaml", ".yml")
"""What a recipe's name ends with."""


def recipe_and_data(first: Path, recipe: Path | None) -> tuple[Path | None, Path | None]:
    """What the first argument of a verb is: a recipe, which names its data itself, or data beside a `--recipe`."""
    if first.suffix.lower() not in RECIPES:
        return recipe, first
    if recipe is not None:
        what = f"two recipes: {first} and {recipe}"
        raise ResoluteError(what, where="--recipe", mend="name the data first, or leave out --recipe")
    return first, None
