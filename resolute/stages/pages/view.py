"""Everything a report says, as plain data: the pages are written from this alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from resolute.core.errors import ResoluteError
from resolute.core.families import families
from resolute.core.results.tables import Cell
from resolute.core.settings import Report
from resolute.core.statistics.nested import LEAST
from resolute.stages.pages import answers, findings, provenance, published, training
from resolute.stages.pages.arms import Arm, arms, folded
from resolute.stages.pages.columns import Column
from resolute.stages.pages.contrast import Contrast, Family
from resolute.stages.pages.measures import Measures
from resolute.stages.pages.sections import agreement, attacks, axes, cost, integrity, parted
from resolute.stages.pages.sheet import Sheet
from resolute.stages.pages.shown import Shown
from resolute.stages.pages.study import Study
from resolute.stages.pages.words import digest, nowhere

GARBLED_LIMIT = 0.10
"""Share of garbled answers above which a low attack success is not called safety without a caution."""


@dataclass(frozen=True)
class Line:
    """One row of the main table."""

    label: str
    kind: str
    seeds: int
    """Most trainings of one level of the random axis."""
    shown: Sequence[Shown | None]
    paper: Sequence[float | None] = ()
    """What the study published of this row's model and label, in percent, beside each cell."""
    parts: Sequence[Line] = ()
    """Of a recipe over a random axis: a line for each of its labels."""

    @property
    def runs(self) -> str:
        """The trainings or levels behind most of its cells: said of the line, and in a cell only where it differs."""
        return most([shown.runs for shown in self.shown if shown is not None])


@dataclass(frozen=True)
class Head:
    """Columns that share a title and an instrument, under one head."""

    title: str
    judge: str
    columns: Sequence[Column]


@dataclass(frozen=True)
class Group:
    """What the tests say of one contrast: one sentence, and every test's own."""

    contrast: Contrast
    digest: str
    sentences: Sequence[str]


@dataclass(frozen=True)
class Page:
    """The whole report."""

    title: str
    study: Study
    measures: Measures
    settings: Report
    columns: Sequence[Column]
    heads: Sequence[Head]
    lines: Sequence[Line]
    failed: Sequence[str]
    """Rows, as lines are called, of which nothing was measured."""
    cells: Sequence[tuple[str, int, Cell]]
    families: Sequence[Family]
    groups: Sequence[tuple[str, Sequence[Group]]]
    """What rows are compared with, and the comparisons."""
    nowhere: Sequence[str]
    """What no comparison of a family shows, said once."""
    cautions: Sequence[str]
    patterns: Sequence[training.PatternSet]
    pairings: Sequence[answers.Pairing]
    endings: Sequence[answers.Endings]
    funnels: Sequence[training.Funnel]
    masks: Sequence[training.MaskAudit]
    losses: Sequence[training.Loss]
    common: Sequence[provenance.Setting]
    differing: Sequence[provenance.Setting]
    versions: Mapping[str, Sequence[str]]
    keys: Sequence[tuple[str, int, str, str]]
    notes: Sequence[tuple[str, str]]
    instruments: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    goals: Sequence[str] = ()
    """For each column the goals behind most of its cells: said in its head, and in a cell only where it differs."""
    curves: Sequence[axes.Curve] = ()
    sheets: Sequence[Sheet] = ()
    """Further tables, each written alike in every format."""

    @property
    def seeds(self) -> int:
        """Most training seeds any row has."""
        return max((line.seeds for line in self.lines if line.kind == "trained"), default=0)

    @property
    def parts(self) -> list[Line]:
        """The lines behind those that are over a random axis."""
        return [part for line in self.lines for part in line.parts]

    @property
    def declared(self) -> list[tuple[list[str], str]]:
        """How each family is tested; families tested alike together."""
        found: dict[str, list[str]] = {}
        for family in self.families:
            found.setdefault(family.about, []).append(family.title)
        return [(titles, about) for about, titles in found.items()]


def build(study: Study, settings: Report, orders: Mapping[str, tuple[str, ...]]) -> Page:
    """Compute the report of a study."""
    if not any(row.measured for row in study.rows):
        mend = "evaluate and judge a row first: `resolute study` or `resolute judge run` say what is missing"
        raise ResoluteError("nothing is measured: no row has verdicts", where=study.name, mend=mend)
    measures = Measures(study, orders)
    columns = measures.columns()
    tested = findings.families(measures, columns, settings)
    recipes = arms(study, settings.random).values()
    lines = [_line(measures, arm, columns) for arm in recipes]
    known = {line.label for line in lines}
    whole, sets = folded(study, settings.random), folded(study, settings.random, part="curate")
    ended = answers.endings(recipes)
    common, differing = provenance.settings(study)
    return Page(
        title=settings.title,
        study=study,
        measures=measures,
        settings=settings,
        columns=columns,
        heads=_heads(columns),
        lines=lines,
        failed=[label for label in whole.labels if label not in known],
        cells=[(row.label, row.seed, cell) for row in study.rows if row.measured for cell in measures.cells(row)],
        families=tested,
        groups=_groups(tested, [] if settings.families else [line.label for line in lines if line.kind == "raw"]),
        nowhere=nowhere(tested),
        cautions=_cautions(measures, columns, lines, ended),
        patterns=training.pattern_sets(sets),
        pairings=answers.pairings(recipes, columns),
        endings=ended,
        funnels=training.funnels(sets),
        masks=training.mask_audits(sets),
        losses=training.losses(whole),
        common=common,
        differing=differing,
        versions=provenance.versions(study),
        keys=provenance.keys(study),
        notes=provenance.notes(study),
        instruments=measures.instruments(),
        goals=[most([shown.goals for line in lines if (shown := line.shown[place])]) for place in range(len(columns))],
        curves=axes.curves(measures, columns, settings.random),
        sheets=_sheets(study, columns),
    )


def _line(measures: Measures, arm: Arm, columns: Sequence[Column]) -> Line:
    """The line of one recipe; over a random axis with a line for each of its labels behind it."""
    beside = [{published.beside(row, column) for row in arm.rows} for column in columns]
    alone = arms(measures.study) if arm.nested else {}
    return Line(
        arm.label,
        arm.kind,
        max(map(len, arm.levels.values())) if arm.nested else len(arm.rows),
        [measures.over(arm, column) for column in columns],
        [some.pop() if len(some) == 1 else None for some in beside],
        [_line(measures, alone[label], columns) for label in dict.fromkeys(row.label for row in arm.rows)]
        if arm.nested
        else (),
    )


def _sheets(study: Study, columns: Sequence[Column]) -> list[Sheet]:
    found = (
        parted.samples(study),
        parted.nearness(study, columns),
        parted.categories(study, columns),
        attacks.courses(study),
        attacks.reproduced(study),
        integrity.thoughts(study),
        integrity.answers(study),
        agreement.agreement(study),
        cost.cost(study),
    )
    return [sheet for sheet in found if sheet is not None]


def most(said: Sequence[str]) -> str:
    """What is said most often, of equals the first; empty where nothing is said."""
    return max(dict.fromkeys(said), key=said.count, default="")


def _heads(columns: Sequence[Column]) -> list[Head]:
    runs = groupby(columns, key=lambda column: (column.title, column.judge))
    return [Head(title, judge, list(some)) for (title, judge), some in runs]


def _groups(families: Sequence[Family], raws: Collection[str]) -> list[tuple[str, list[Group]]]:
    """In the order of the families, but those against `raws` last: the table shows how far rows are from these."""
    tested = [family for family in families if not family.exploratory]
    contrasts = list(dict.fromkeys(item.contrast for family in tested for item in family.tested))
    contrasts.sort(key=lambda contrast: contrast.first in raws)
    found: dict[str, list[Group]] = {}
    for contrast in contrasts:
        mine = [(family, [item for item in family.tested if item.contrast == contrast]) for family in families]
        said = [f"{family.title}. {' '.join(item.sentence for item in tested)}" for family, tested in mine if tested]
        found.setdefault(contrast.first, []).append(Group(contrast, digest(families, contrast), said))
    return list(found.items())


def _cautions(
    measures: Measures, columns: Sequence[Column], lines: Sequence[Line], ended: Sequence[answers.Endings]
) -> list[str]:
    """What a reader must know before believing the table."""
    study, found = measures.study, list[str]()
    for label in study.labels:
        rows, done = study.of(label), study.measured(label)
        if len(done) < len(rows):
            found.append(f"{label}: {len(rows) - len(done)} of {len(rows)} training seeds failed and are missing here.")
    for line in lines:
        for column, shown in zip(columns, line.shown, strict=True):
            if column.event == "garbled" and shown and shown.value > GARBLED_LIMIT:
                found.append(
                    f"{line.label}: {shown.main} of the answers ({column.detail}) are garbled, neither a refusal nor "
                    "help: what looks safe there is partly lost language."
                )
    for item in ended:
        if item.warned:
            share = f"{100 * item.shares['stopped in the thought'].value:.1f}%"
            found.append(f"{item.label}: {share} of the outputs never left the thought (limit for this warning: 2%).")
    for name, versions in measures.instruments().items():
        if len(versions) > 1:
            found.append(
                f"{name} judged with {len(versions)} versions: rows are not comparable ({', '.join(versions)})."
            )
    return [*found, *_kin_cautions(study, columns), *_seed_cautions(lines)]


def _kin_cautions(study: Study, columns: Sequence[Column]) -> list[str]:
    """Judges of one family with the teacher or with the model that is judged: models favour their own kind."""
    found: list[str] = []
    for judge in sorted({column.judge for column in columns if "@" in column.judge}):
        for what, stage in (("teacher", "distill"), ("judged model", "evaluate")):
            manifests = [manifest for row in study.rows if (manifest := row.manifest(stage)) is not None]
            names = " ".join(str(manifest.settings.get("model", "")) for manifest in manifests)
            if kin := families(judge) & families(names):
                found.append(f"{judge}: judge and {what} are of one family ({', '.join(sorted(kin))}).")
    return found


def _seed_cautions(lines: Sequence[Line]) -> list[str]:
    trained = [line for line in lines if line.kind == "trained"]
    over = [shown for line in trained for shown in line.shown if shown and shown.over]
    if over:
        levels = max(len(shown.points) for shown in over)
        return [f"Fewer than three {over[0].over}s: values carry no interval."] if levels < LEAST else []
    most = max((line.seeds for line in trained), default=0)
    if most == 1:
        return ["One training seed: the tests speak of these trained models, not of the recipes that made them."]
    if most == 2:
        return ["Two training seeds: values are means of two points and carry no interval."]
    return []
