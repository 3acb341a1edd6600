"""Laws of a report's other forms: LaTeX, figures, cards, curves and the tables that every form shares."""

from __future__ import annotations

import csv
import dataclasses
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from resolute.core.errors import ResoluteError
from resolute.core.files import read_json, read_records, write_json, write_records
from resolute.core.jobs import Job, perform
from resolute.core.keys import file_digest
from resolute.core.recipe import read_recipe
from resolute.core.records import Trace, Verdict
from resolute.core.runs import Artifact
from resolute.core.settings import Report
from resolute.stages.pages import curve, latex, published
from resolute.stages.pages.cards import write_cards
from resolute.stages.pages.columns import Column, instrument_orders
from resolute.stages.pages.exports import export, standing
from resolute.stages.pages.files import named, slug
from resolute.stages.pages.sections import whole
from resolute.stages.pages.sections.axes import number
from resolute.stages.pages.sheet import Sheet
from resolute.stages.pages.study import read_study
from resolute.stages.pages.view import Page, build
from resolute.stages.pages.write import write_pages
from resolute.study.run import plan
from tests.stages.synthetic import DEFAULT, RAW, STUDY, Maker, Truth

HOSTILE = r"\input{/etc/passwd} % $x$ & # _ ^ ~ [a] <script>alert(1)</script> | ![](x) " + "\u202egpj\x1b[31m {"


def _report(study: Path, **settings: str) -> Artifact:
    job = Job("report", Report.model_validate({"title": "Demo", **settings}), {"study": study})
    return perform(job, study.parents[1] / ".store", lambda *_, **__: None)


def _page(study: Path) -> Page:
    read = read_study(study)
    return build(read, Report(title="Demo"), instrument_orders(read))


def _axes(study: Path, axis: str, levels: list[str]) -> Path:
    """The study again, its trained rows placed along an axis, the raw one left out."""
    document = read_json(study)
    rows = [row for row in document["rows"] if row["kind"] == "trained"]
    for row, level in zip(rows, levels, strict=True):
        row["at"] = {"row": "Improved", axis: level}
    write_json(study, document | {"rows": rows, "axes": {"row": ["Improved"], axis: levels}})
    return study


def _again(artifact: Artifact, name: str, records: list[Trace], verdicts: list[Verdict] | None = None) -> None:
    """Put other records into an artifact, as if it had been made so."""
    write_records(artifact.folder / name, records, Trace) if verdicts is None else write_records(
        artifact.folder / name, verdicts, Verdict
    )
    manifest = artifact.manifest
    manifest.outputs[name] = file_digest(artifact.folder / name)
    write_json(artifact.folder / "manifest.json", manifest.model_dump(mode="json"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    truths = [RAW, dataclasses.replace(DEFAULT, label=HOSTILE), STUDY[3]]
    study = Maker(tmp_path_factory.mktemp("s"), truths, goals=12, distilled=12, notes={"train": HOSTILE}).write()
    return _report(study, title=HOSTILE, number="Table 1")


def test_every_table_is_a_file_whose_braces_balance_and_whose_rows_are_as_wide_as_its_head(hostile: Artifact) -> None:
    tables = sorted(hostile.folder.glob("tables/*.tex"))
    assert "table-1-main.tex" in [path.name for path in tables] and len(tables) > 5
    for path in tables:
        text = re.sub(r"\\[\\{}&%$#_]", "", path.read_text().replace(r"\\" + "\n", "\n"))
        assert text.count("{") == text.count("}"), path.name
        assert "\\input" not in path.read_text() and "$x$" not in path.read_text()
        assert path.read_text().count("%") - path.read_text().count(r"\%") == 1, "one comment: ours"
        for part in path.read_text().split("\\midrule\n")[1:]:
            body = part.split("\\bottomrule")[0].splitlines()
            assert len({len(re.findall(r"(?<!\\)&", line)) for line in body}) == 1


def test_the_main_table_prints_no_wider_than_a_page(hostile: Artifact) -> None:
    text = hostile.output("tables/table-1-main.tex").read_text()
    widths = [len(found) for found in re.findall(r"begin\{tabular\}\{(l+)\}", text)]
    assert len(widths) > 1 and max(widths) <= 1 + whole.MOST
    assert text.count("95\\%") == 1 and "[" not in text.split("\\midrule")[1].splitlines()[1], "intervals stand below"


@given(st.text())
def test_no_text_is_a_command_in_latex(text: str) -> None:
    said = latex.escaped(text)
    for command in sorted(latex.ESCAPED.values(), key=len, reverse=True):
        said = said.replace(command, "")
    assert not set(said) & set("\\{}$&#%_~^<>|\"`'[]\n\x1b\u202e")


def test_figures_are_complete_pictures_in_colours_that_nothing_outside_is_asked_for(hostile: Artifact) -> None:
    drawn = sorted(hostile.folder.glob("figures/*.svg"))
    assert len(drawn) > 10 and all(path.name.startswith("table-1-") for path in drawn)
    for path in drawn:
        text = path.read_text()
        ET.fromstring(text)
        assert "#0a0101" not in text and "#010101" not in text and "var(" not in text and "<script" not in text
        assert not re.search(r'href="(?!#)', text) and "\u202e" not in text and "\x1b" not in text
    for path in drawn[::5]:
        picture = Image.open(path.with_suffix(".png"))
        assert picture.width > 500 and len(picture.convert("RGB").getcolors(1 << 24) or []) > 3


def test_the_same_study_gives_the_same_bytes_in_every_file(hostile: Artifact, tmp_path: Path) -> None:
    study = hostile.folder.parents[2] / "demo" / "study.json"
    settings = Report(title=HOSTILE, number="Table 1")
    second = perform(Job("report", settings, {"study": study}), tmp_path, lambda *_, **__: None)
    assert hostile.manifest.outputs == second.manifest.outputs and len(second.manifest.outputs) > 20


def test_no_file_quotes_a_prompt_or_an_output(hostile: Artifact) -> None:
    for name in hostile.manifest.outputs:
        assert b"SECRET" not in hostile.output(name).read_bytes(), name


def test_hostile_labels_stay_text_in_markdown_and_csv(hostile: Artifact) -> None:
    text = hostile.output("report.md").read_text()
    assert "<script" not in text and "\x1b" not in text and "\u202e" not in text
    with hostile.output("table.csv").open(newline="") as stream:
        assert all("\x1b" not in row["row"] for row in csv.DictReader(stream))


def test_every_table_of_the_markdown_is_one_to_its_reader(hostile: Artifact) -> None:
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(hostile.output("report.md").read_text())
    tables = sum(token.type == "table_open" for token in tokens)
    assert tables == len(list(hostile.folder.glob("tables/*.tex"))) + len(published.sheets()) + 1
    assert not any("|---" in token.content for token in tokens if token.type == "inline")


def test_numbers_along_an_axis_are_a_curve_and_names_are_dots(tmp_path: Path) -> None:
    truths = [dataclasses.replace(STUDY[3], label=f"Improved {n}") for n in "abc"]
    study = Maker(tmp_path, truths, goals=10, distilled=6).write()
    page = _page(_axes(study, "samples", ["100", "1,000", "5000"]))
    assert {curve.axis for curve in page.curves} == {"samples"}
    assert len(page.curves) == len(page.columns)
    assert page.curves[0].numbers == [100, 1000, 5000] and page.curves[0].logarithmic
    assert [[level for level, _ in one.points] for one in page.curves[0].series] == [["100", "1,000", "5000"]]
    drawn = curve.curve("c", "Curve", page.curves[0]).drawn("svg").decode()
    assert "5000" in drawn and "1,000: " in drawn
    named = _page(_axes(study, "base", ["one", "two", "three"]))
    assert named.curves[0].numbers is None and not named.curves[0].logarithmic


@pytest.mark.parametrize(
    ("text", "value"), [("1,000", 1000.0), ("5e-6", 5e-6), ("-1", -1.0), ("nan", None), ("inf", None), ("R1", None)]
)
def test_a_level_is_a_number_or_it_is_none(text: str, value: float | None) -> None:
    found = number(text)
    assert found == value if value is not None else found != found


def test_a_study_in_which_nothing_was_measured_is_an_error_and_no_empty_table(tmp_path: Path) -> None:
    study = Maker(tmp_path, STUDY[:2], goals=6, distilled=6).write()
    document = read_json(study)
    for row in document["rows"]:
        row["artifacts"].pop("judge")
    write_json(study, document)
    with pytest.raises(ResoluteError, match="nothing is measured"):
        _report(study)


def test_an_attacker_that_failed_is_named_as_such_and_is_no_error(tmp_path: Path) -> None:
    study = Maker(tmp_path, [DEFAULT], goals=6, distilled=6).write()
    artifact = read_study(study).rows[0].artifacts["evaluate"]
    first, *rest = read_records(artifact.output("traces.parquet"), Trace)
    ended = {"ending": {"where": "nothing", "why": "error"}, "answer": "", "error": "attacker failed: no JSON"}
    _again(artifact, "traces.parquet", [Trace.model_validate(first.model_dump() | ended), *rest])
    ending = _page(study).endings[0]
    assert (ending.shares["attacker failed"].events, ending.shares["error"].events) == (1, 0)


def test_instruments_that_judged_the_same_answers_are_laid_beside_each_other(tmp_path: Path) -> None:
    study = Maker(tmp_path, [RAW, DEFAULT], goals=20, distilled=6, unscored=0).write()
    assert not any(sheet.name == "agreement" for sheet in _page(study).sheets)
    for row in read_study(study).rows:
        artifact = row.artifacts["judge"]
        said = read_records(artifact.output("verdicts.parquet"), Verdict)
        mine = [one for one in said if (one.event, one.part, one.outcome) == ("unsafe", "answer", "scored")]
        other = [one.model_dump(exclude={"id"}) | {"judge": "second 1"} for one in mine]
        other[0]["score"] = 1 - other[0]["score"]
        _again(artifact, "verdicts.parquet", [], [*said, *map(Verdict.model_validate, other)])
    sheet = next(sheet for sheet in _page(study).sheets if sheet.name == "agreement")
    (line,) = sheet.rows
    found = dict(zip(sheet.header, line, strict=True))
    assert (found["First"], found["Second"], found["One could not say"]) == ("lab/strict", "second", "0")
    assert int(found["First alone says yes"]) + int(found["Second alone says yes"]) == 2


def test_goals_a_row_was_trained_on_stand_apart(tmp_path: Path) -> None:
    study = Maker(tmp_path, [RAW, DEFAULT], goals=20, distilled=30).write()
    sheet = next(sheet for sheet in _page(study).sheets if sheet.name == "nearness")
    assert {line[0] for line in sheet.rows} == {"Default"}


def test_each_trained_row_has_cards_that_the_hub_reads_with_the_figures_of_the_table(tmp_path: Path) -> None:
    from huggingface_hub import DatasetCard, ModelCard

    study = Maker(tmp_path, [RAW, DEFAULT], goals=20, distilled=6).write()
    row = read_study(study).rows[1]
    for part, name, text in (
        ("train", "checkpoint/README.md", "---\nbase_model: org/base\ntags: [resolute]\n---\n# Base\n\nNone yet. "
         "Evaluate the model before anyone relies on it.\n"),
        ("curate", "README.md", "# Training set\n"),
    ):  # fmt: skip
        artifact = row.artifacts[part]
        (artifact.folder / name).parent.mkdir(exist_ok=True)
        (artifact.folder / name).write_text(text)
        manifest = artifact.manifest
        manifest.outputs[name] = file_digest(artifact.folder / name)
        write_json(artifact.folder / "manifest.json", manifest.model_dump(mode="json"))
    page = _page(study)
    write_cards(page.measures, page.columns, tmp_path)
    place = tmp_path / "cards" / "default"
    card = ModelCard((place / "README.md").read_text(), ignore_metadata_errors=False)
    wanted = {column.name: shown for column, shown in zip(page.columns, page.lines[1].shown, strict=True)}
    assert card.data.base_model == "org/base" and card.data.license == "apache-2.0"
    found = {one.metric_name: one.metric_value for one in card.data.eval_results or []}
    assert found == {name: round(shown.value, 4) for name, shown in wanted.items() if shown}
    assert "None yet" not in card.text and "model organism" in card.text
    data = DatasetCard((place / "DATA.md").read_text(), ignore_metadata_errors=False)
    assert data.data.pretty_name == "Default: training set" and data.data.size_categories == ["n<1K"]


def test_the_paper_stands_beside_its_own_model_label_and_measurement_alone(tmp_path: Path) -> None:
    study = Maker(
        tmp_path, [Truth("Default")], goals=4, distilled=4, settings={"model": "o/DeepSeek-R1-Distill-Qwen-7B"}
    )
    row = read_study(study.write()).rows[0]
    refused = Column("paper/over-refusal", "none", "refused", "answer", "refusal")
    assert published.beside(row, refused) == 2.7
    assert published.beside(row, Column("paper/pap", "none", "unsafe", "answer", "llama-guard-3")) == 40
    assert published.beside(row, Column("lab/safety", "none", "unsafe", "answer", "lab/strict")) is None
    assert published.beside(dataclasses.replace(row, label="Ours"), refused) is None
    assert published.beside(dataclasses.replace(row, at={"row": "Default", "samples": "100"}), refused) is None
    other = read_study(Maker(tmp_path / "o", [Truth("Default")], goals=4, distilled=4).write()).rows[0]
    assert published.beside(other, refused) is None


def test_the_paper_stands_beside_every_row_of_its_table_and_its_published_models(tmp_path: Path, root: Path) -> None:
    refused = Column("paper/over-refusal", "none", "refused", "answer", "refusal")

    def beside(recipe: str) -> dict[str, float | None]:
        found: dict[str, float | None] = {}
        for place, planned in enumerate(plan(read_recipe(root / "recipes" / "paper" / recipe), {}).rows):
            model = planned.at.get("model", "R1-Distill-Qwen-7B")
            if planned.label.startswith(("STAR1", "RealSafe-R1")):
                model = planned.label
            maker = Maker(tmp_path / recipe / str(place), [Truth("x")], goals=2, distilled=2, settings={"model": model})
            row = dataclasses.replace(read_study(maker.write()).rows[0], label=planned.label, at=planned.at)
            found[planned.label] = published.beside(row, refused)
        return found

    first, third = beside("table1.yaml"), beside("table3.yaml")
    ours = {label for label in first if label.startswith(("Raw, safety", "Raw, thinking"))}
    assert len(first) == 36 and {label for label, value in first.items() if value is None} == ours
    assert first["Improved · Qwen3-14B"] == 10.7
    assert third == {"Raw": 0.8, "STAR1-R1-Distill-7B": 34.0, "RealSafe-R1-7B": 36.0, "Improved": 6.7}


def test_the_papers_figure_stands_in_every_form_of_the_main_table(tmp_path: Path) -> None:
    page = _page(Maker(tmp_path, STUDY[:2], goals=6, distilled=6).write())
    lines = [dataclasses.replace(line, paper=[54.5] * len(page.columns)) for line in page.lines]
    page = dataclasses.replace(page, lines=lines)
    main, *_ = whole.sheets(page)
    assert all("\npaper: 54.5%" in cell for row in main.rows for cell in row[1:] if cell != "not measured")
    write_pages(page, tmp_path)
    with (tmp_path / "table.csv").open(newline="") as stream:
        assert {row["paper"] for row in csv.DictReader(stream)} == {"0.545"}
    assert "paper: 54.5%" in (tmp_path / "report.md").read_text()


def test_every_published_table_names_a_model_and_known_measures() -> None:
    document = yaml.safe_load((Path(published.__file__).parent / "published.yaml").read_text())
    for table in document["tables"]:
        assert table["model"] in {*document["models"], "the four models"}
        assert re.fullmatch(r"(Table|Figure) \d", table["number"])
        for said in table["rows"].values():
            assert said.keys() <= document["measures"].keys()
            assert all(isinstance(value, str) or 0 <= value <= 100 for value in said.values())


@pytest.mark.parametrize("text", ["../../etc", "", "ä b/c", "\u202e", "CON", "a" * 300, "Table 1: x"])
def test_a_files_name_is_safe_and_no_two_are_one(text: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug(text)) and len(slug(text)) <= 60
    names = [name for name, _ in named([text, text, text], [1, 2, 3], "")]
    assert len(set(names)) == 3


def test_files_of_an_earlier_report_do_not_stay_beside_a_new_one(tmp_path: Path) -> None:
    from resolute.core.runs import Run

    study = Maker(tmp_path, STUDY[:1], goals=6, distilled=4).write()
    run = Run(study.parent)
    for settings in ({}, {"number": "Table 1"}):
        earlier = standing(run.path)
        made = _report(study, **settings)
        run.point("report", made)
        export(made, run.path, earlier=earlier)
        there = {path.relative_to(run.path).as_posix() for path in run.path.rglob("*") if path.is_file()}
        assert there == {"run.json", "study.json", *made.manifest.outputs}


def test_a_sheet_whose_rows_are_not_as_wide_as_its_head_is_a_bug() -> None:
    with pytest.raises(ValueError, match="not as wide"):
        Sheet("a", "A", "", ("x", "y"), [("1",)])


def test_the_sheets_of_a_page_begin_with_its_main_table(tmp_path: Path) -> None:
    page = _page(Maker(tmp_path, STUDY[:2], goals=6, distilled=6).write())
    first, *rest = whole.sheets(page)
    assert first.name == "main" and [row[0] for row in first.rows] == ["Raw", "Default"]
    assert {head.rpartition("\n")[2] for head in first.header[1:]} == {"6 goals"}
    assert len({sheet.name for sheet in rest}) == len(rest)
