"""Laws of the report: what it says follows from the records, and nothing hostile or fleeting gets in."""

from __future__ import annotations

import csv
import dataclasses
import io
import itertools
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

from resolute.core.errors import ResoluteError
from resolute.core.files import read_json, write_json
from resolute.core.jobs import Job, perform, prepare
from resolute.core.runs import Artifact, Run
from resolute.core.settings import Report
from resolute.stages.pages.columns import instrument_orders
from resolute.stages.pages.findings import contrasts
from resolute.stages.pages.study import read_study
from resolute.stages.pages.view import Page, build
from resolute.stages.pages.words import signed
from resolute.stages.pages.write import environment
from resolute.stages.report import terminal_table
from tests.stages.synthetic import DEFAULT, RAW, STUDY, Maker, Truth

HOSTILE = "<script>alert(1)</script></style><img src=x onerror=alert(2)> =1+1 | \u202egpj.exe\x1b[31m $x^2$"


def _silent(what: str, done: int, total: int, /, note: str = "") -> None:
    pass


def _report(study: Path) -> Artifact:
    return perform(Job("report", Report(title="Demo"), {"study": study}), study.parents[1] / ".store", _silent)


def _page(study: Path) -> Page:
    read = read_study(study)
    return build(read, Report(title="Demo"), instrument_orders(read))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Maker(tmp_path_factory.mktemp("study"), STUDY, goals=50).write()


@pytest.fixture(scope="module")
def made(study: Path) -> Artifact:
    return _report(study)


@pytest.fixture(scope="module")
def page(study: Path) -> Page:
    return _page(study)


def test_the_main_table_has_every_row_and_the_attacks_in_the_order_of_the_suite(page: Page) -> None:
    assert [line.label for line in page.lines] == [truth.label for truth in STUDY]
    assert [column.name for column in page.columns] == [
        "Attack success: no attack",
        "Attack success: persona",
        "Attack success: persuasion",
        "Attack success: pair-like",
        "Over-refusal",
        "Accuracy: arithmetic",
        "Garbled: safety, all attacks",
        "Garbled: over-refusal",
    ]


def test_every_cell_agrees_with_the_verdicts_it_was_made_of(page: Page) -> None:
    row = page.study.first("Default")
    asked = {trace.id for trace in row.traces if trace.attack == "lab/persona"}
    said = [v for v in row.verdicts if v.trace in asked and v.event == "unsafe" and v.part == "answer"]
    scored = [v.score or 0.0 for v in said if v.outcome != "judge failed"]
    shown = page.lines[1].shown[1]
    assert shown is not None
    assert shown.value == pytest.approx(sum(scored) / len(scored))
    assert (shown.cells[0].rate.n, shown.cells[0].rate.unscored) == (len(scored), 50 - len(scored))


def test_an_instrument_that_accepted_training_data_never_headlines(tmp_path: Path) -> None:
    path = Maker(tmp_path, STUDY[:2], goals=12, distilled=6).write()
    document = read_json(path)
    document["recipe"]["guards"] = ["lab/strict"]
    write_json(path, document)
    page = _page(path)
    assert "unsafe" not in {column.event for column in page.columns}
    assert "lab/strict 3f9a2c" in {cell.judge for _, _, cell in page.cells}


def test_what_the_data_show_is_found_and_what_they_do_not_show_is_not(page: Page) -> None:
    attacks = next(family for family in page.families if family.title == "Attack success")
    said = {(t.contrast.first, t.contrast.second, t.column.attack): t.verdict for t in attacks.tested}
    assert said["Raw", "Improved", "lab/pair-like"] == "lower"
    assert said["Default", "Improved", "lab/pair-like"] == "lower"
    assert said["Default", "Improved", "none"] == "undetected"
    refused = next(family for family in page.families if family.title == "Over-refusal")
    assert {t.contrast.second: t.verdict for t in refused.tested if t.contrast.first == "Raw"}["No CoT"] == "higher"


def test_a_model_compared_with_its_equal_is_never_called_different(tmp_path: Path) -> None:
    """Six copies of one truth: at level .05 over the family no difference may be claimed (the draw is fixed)."""
    copies = [dataclasses.replace(DEFAULT, label=f"Default {letter}") for letter in "abcde"]
    page = _page(Maker(tmp_path, [dataclasses.replace(DEFAULT, kind="raw"), *copies], goals=30, distilled=6).write())
    differences = [t for family in page.families for t in family.tested if family.title != "Accuracy"]
    assert differences
    assert {t.verdict for t in differences} == {"undetected"}
    assert all("detectable" in t.sentence for t in differences)


def test_rows_are_compared_with_the_untouched_model_and_trained_rows_with_default(page: Page) -> None:
    pairs = [(pair.first, pair.second) for pair in contrasts(page.study)]
    assert pairs[:6] == [("Raw", truth.label) for truth in STUDY[1:]]
    assert pairs[6:] == [("Default", truth.label) for truth in STUDY[2:]]


def test_garbled_language_and_unclosed_thoughts_are_named_before_the_table(page: Page) -> None:
    assert any(caution.startswith("Template") and "garbled" in caution for caution in page.cautions)
    assert any("One training seed" in caution for caution in page.cautions)
    assert not any(caution.startswith("Improved") for caution in page.cautions)


def test_three_seeds_get_an_interval_no_narrower_than_over_goals_and_two_get_points(tmp_path: Path) -> None:
    quiet = [RAW, Truth("Default"), STUDY[3]]
    three = _page(Maker(tmp_path / "3", quiet, goals=20, seeds=3, distilled=6).write())
    none = three.lines[1].shown[0]
    assert none is not None and none.value == 0.0 and none.high is not None and none.high > 0.05
    assert none.counted == "3 trainings x 20 goals"
    assert (three.lines[0].runs, three.lines[1].runs, set(three.goals)) == ("", "3 trainings", {"20 goals"})
    assert none.besides("3 trainings", "20 goals") == ""
    assert none.besides("3 trainings", "24 goals") == "20 goals"
    assert none.besides("2 trainings", "20 goals") == "3 trainings"
    alone = three.lines[0].shown[0]
    assert alone is not None and alone.besides("3 trainings", "20 goals") == "1 training"
    assert not any("seed" in caution for caution in three.cautions)
    two = _page(Maker(tmp_path / "2", quiet, goals=20, seeds=2, distilled=6).write())
    points = two.lines[1].shown[3]
    assert points is not None and points.low is None and points.band.startswith("seeds ")
    assert any("Two training seeds" in caution for caution in two.cautions)


def test_a_difference_on_which_three_seeds_disagree_is_not_claimed(tmp_path: Path) -> None:
    split = Truth("Split", by_seed=[(0.0,) * 4, (0.0,) * 4, (0.9,) * 4])
    agreed = Truth("Agreed", attacks=(0.1,) * 4)
    truths = [dataclasses.replace(RAW, attacks=(0.6,) * 4), split, agreed]
    page = _page(Maker(tmp_path, truths, goals=40, seeds=3, distilled=6).write())
    attacks = next(family for family in page.families if family.title == "Attack success")
    assert {t.verdict for t in attacks.tested if t.contrast.second == "Agreed"} == {"lower"}
    divided = [t for t in attacks.tested if t.contrast.second == "Split"]
    assert {t.verdict for t in divided} == {"not separable"}
    assert all(t.p < 0.05 and "seeds disagree" in t.sentence for t in divided)


def test_a_row_that_failed_stands_as_missing_and_is_in_no_comparison(tmp_path: Path) -> None:
    path = Maker(tmp_path, STUDY[:3], goals=12, distilled=6).write()
    document = read_json(path)
    document["rows"][2]["artifacts"] = {}
    write_json(path, document)
    page = _page(path)
    assert [line.label for line in page.lines] == ["Raw", "Default"]
    assert any("1 of 1 training seeds failed" in caution for caution in page.cautions)
    html = _report(path).output("report.html").read_text()
    assert "failed: not measured in this run" in html


def test_patterns_are_counted_before_and_after_curation(page: Page) -> None:
    found = {item.label: item for item in page.patterns}
    without = found["Default without weak vacillation"]
    assert without.before["weak_vacillation"].value > 0.3
    assert without.after["weak_vacillation"].events == 0
    assert without.after["weak_vacillation"].n + without.after["weak_vacillation"].unscored == without.kept


def test_thought_and_answer_classes_exclude_each_other_and_add_up(page: Page) -> None:
    for pairing in page.pairings:
        assert sum(rate.events for rate in pairing.shares.values()) == pairing.outputs
    for ending in page.endings:
        assert sum(rate.events for rate in ending.shares.values()) == ending.outputs


def test_the_same_study_gives_the_same_bytes(study: Path, made: Artifact, tmp_path: Path) -> None:
    again = perform(Job("report", Report(title="Demo"), {"study": study}), tmp_path, _silent)
    for name in ("report.html", "report.md", "table.csv"):
        assert again.output(name).read_bytes() == made.output(name).read_bytes(), name


def test_the_page_holds_no_time_and_no_place(made: Artifact, study: Path) -> None:
    html = made.output("report.html").read_text()
    assert "987.6" not in html
    assert str(study.parents[1]) not in html


def test_no_prompt_and_no_output_is_quoted(made: Artifact) -> None:
    for name in ("report.html", "report.md", "table.csv"):
        text = made.output(name).read_text()
        assert "SECRET" not in text and not re.search(r"goal \d", text), name


def test_the_page_is_one_file_without_scripts_styles_or_links_to_the_outside(made: Artifact) -> None:
    html = made.output("report.html").read_text()
    tags = _tags(html)
    policy = next(a["content"] for name, a in tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; style-src 'sha256-") and "unsafe" not in policy
    assert not {"script", "link", "img", "iframe", "object", "base", "form"} & {name for name, _ in tags}
    for name, attributes in tags:
        assert not any(key.startswith("on") or key == "style" for key in attributes), name
        for key in ("href", "src", "xlink:href"):
            assert attributes.get(key, "#").startswith("#"), (name, attributes)
    assert "url(http" not in html and "@import" not in html
    assert len(html.encode()) < 2_000_000


def test_ids_are_unique_and_every_reference_leads_somewhere(made: Artifact) -> None:
    tags = _tags(made.output("report.html").read_text())
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    wanted = {attributes["href"][1:] for _, attributes in tags if attributes.get("href", "").startswith("#")}
    wanted |= {word for _, attributes in tags for word in attributes.get("aria-labelledby", "").split()}
    assert wanted <= set(ids)


def test_headings_never_skip_a_level_and_every_head_of_a_table_says_its_scope(made: Artifact) -> None:
    tags = _tags(made.output("report.html").read_text())
    levels = [int(name[1]) for name, _ in tags if re.fullmatch(r"h[1-6]", name)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert all(attributes.get("scope") for name, attributes in tags if name == "th")
    for name, attributes in tags:
        if name == "svg":
            assert attributes["role"] == "img" and attributes["aria-labelledby"]


def test_a_short_label_of_control_characters_and_markup_is_drawn_as_text(tmp_path: Path) -> None:
    label = "\x1b\x00\u202e<b>$x^2$&"
    truths = [dataclasses.replace(RAW, label=label), DEFAULT]
    html = _report(Maker(tmp_path, truths, goals=6, distilled=6).write()).output("report.html").read_text()
    assert ">\ufffd\ufffd\ufffd&lt;b&gt;$x^2$&amp;<" in html
    assert not re.search("[\x1b\x00\u202e]", html)


def test_hostile_labels_titles_and_notes_are_inert_in_every_file(tmp_path: Path) -> None:
    truths = [dataclasses.replace(RAW, label="Raw"), dataclasses.replace(DEFAULT, label=HOSTILE)]
    path = Maker(tmp_path, truths, goals=10, distilled=6, notes={"train": HOSTILE}, settings={"about": HOSTILE}).write(
        name="study"
    )
    made = perform(Job("report", Report(title=HOSTILE), {"study": path}), tmp_path / "store", _silent)
    html = made.output("report.html").read_text()
    assert html.count("<script") == 0 and html.count("<img") == 0
    assert html.count("</style>") == 1
    assert "\u202e" not in html and "\x1b" not in html
    assert "&lt;script&gt;" in html
    markdown = made.output("report.md").read_text()
    assert "<script" not in markdown and "\x1b" not in markdown
    table = markdown[markdown.index("| Row |") :].split("\n\n")[0].splitlines()
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table}) == 1
    with made.output("table.csv").open(newline="") as stream:
        assert all(not row["row"].startswith(("=", "+", "-", "@")) for row in csv.DictReader(stream))
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(terminal_table(made.folder))
    assert "\x1b[31m" not in console.export_text()


def test_the_terminal_says_what_the_page_says_and_seven_rows_fit_80_columns(made: Artifact, page: Page) -> None:
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(terminal_table(made.output("table.csv")))
    text = console.export_text()
    assert all(truth.label.split()[-1] in text for truth in STUDY if truth.label != "Default without weak vacillation")
    for line in page.lines:
        for shown in line.shown:
            assert shown is not None and f"{100 * shown.value:.0f}%" in text
    assert "No CoT" in text and "\u2026" not in text


def test_the_lab_says_that_it_is_one_and_a_real_study_does_not(made: Artifact, tmp_path: Path) -> None:
    assert "model organism" in made.output("report.html").read_text()
    assert "model organism" in made.output("report.md").read_text()
    truths = [dataclasses.replace(RAW, label="=HYPERLINK(1)"), Truth("Default")]
    real = _report(Maker(tmp_path, truths, goals=6, distilled=6).write(lab=False))
    assert "model organism" not in real.output("report.html").read_text()
    with real.output("table.csv").open(newline="") as stream:
        assert next(csv.DictReader(stream))["row"] == "'=HYPERLINK(1)", "a spreadsheet would run it"


def test_a_changed_artifact_changes_the_key_and_a_moved_study_does_not(study: Path, tmp_path: Path) -> None:
    import shutil

    job = Job("report", Report(title="Demo"), {"study": study})
    moved = shutil.copytree(study.parents[1], tmp_path / "elsewhere" / "runs")
    there = dataclasses.replace(job, inputs={"study": moved / "demo" / "study.json"})
    assert prepare(job, tmp_path)[0].key == prepare(there, tmp_path)[0].key
    other = Maker(tmp_path / "other", STUDY[:2], goals=8, distilled=6).write()
    assert prepare(job, tmp_path)[0].key != prepare(dataclasses.replace(job, inputs={"study": other}), tmp_path)[0].key


def test_a_file_that_was_edited_is_refused(tmp_path: Path) -> None:
    path = Maker(tmp_path, STUDY[:2], goals=8, distilled=6).write()
    verdicts = read_study(path).rows[0].artifacts["judge"].folder / "verdicts.parquet"
    verdicts.write_bytes(verdicts.read_bytes() + b" ")
    with pytest.raises(ResoluteError, match="changed after it was made"):
        _report(path)


def test_a_run_folder_is_a_study_of_one_row(tmp_path: Path) -> None:
    study = Maker(tmp_path, STUDY[1:2], goals=10, distilled=6).write()
    run = Run(study.parent.parent / "mine")
    for part, artifact in read_study(study).rows[0].artifacts.items():
        run.point(part, artifact)
    read = read_study(run.path)
    assert [(row.label, row.kind) for row in read.rows] == [("mine", "trained")]
    html = perform(Job("report", Report(title="One"), {"study": run.path}), run.store, _silent).output("report.html")
    assert "Nothing to compare" in html.read_text()


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ({"schema": 1, "name": "x", "rows": []}, "not a study"),
        ({"schema": 2, "name": "x", "rows": [{"label": "a", "kind": "raw"}]}, "not a study"),
        ({"schema": 1, "name": "x", "rows": [{"label": "a", "kind": "raw"}] * 2}, "rows stand twice"),
        (
            {"schema": 1, "name": "x", "rows": [{"label": "a", "kind": "raw", "artifacts": {"judge": "no/where"}}]},
            "not finished",
        ),
    ],
    ids=["no rows", "a later schema", "a row twice", "an artifact that is not there"],
)
def test_a_damaged_study_is_an_error_that_names_it(content: dict[str, object], what: str, tmp_path: Path) -> None:
    path = tmp_path / "study.json"
    path.write_text(json.dumps(content))
    with pytest.raises(ResoluteError, match=what) as caught:
        _page(path)
    assert str(tmp_path) in caught.value.where


@pytest.mark.parametrize(
    "label",
    [
        "[a](javascript:x)",
        "# a",
        "- a",
        "1. a",
        "*a* _b_ `c`",
        "a|b",
        "![a](b)",
        "<b>",
        "> a",
        "\\[a](b)",
        "+ a",
        "~~a~~",
    ],
)
def test_a_label_means_itself_in_markdown(label: str) -> None:
    """Read back by a Markdown parser: one paragraph whose text is the label."""
    from markdown_it import MarkdownIt

    source = environment().from_string("{{ text|md }}").render(text=label)
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(source)
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert {child.type for child in tokens[1].children or []} <= {"text", "text_special"}
    assert "".join(child.content for child in tokens[1].children or []) == label


@pytest.mark.parametrize(("value", "text"), [(0.123, "+12.3"), (-0.0001, "+0.0"), (-0.5, "\u221250.0")])
def test_differences_are_signed_and_nothing_is_minus_zero(value: float, text: str) -> None:
    assert signed(value) == text


class _Collector(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))


def _tags(html: str) -> list[tuple[str, dict[str, str]]]:
    collector = _Collector()
    collector.feed(html)
    return collector.tags
