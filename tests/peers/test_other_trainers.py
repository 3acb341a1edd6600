"""Other people's configurations and environments, and rows handed over to them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from resolute.core.errors import ResoluteError
from resolute.core.files import read_json, write_records
from resolute.core.records import Example
from resolute.models.render import Renderer
from resolute.models.training.foreign import audit_foreign
from resolute.models.training.mask_audit import audit
from resolute.peers import axolotl, llamafactory
from resolute.peers.config import read_config
from resolute.peers.handover import hand_over
from resolute.peers.source import read_source
from tests.families import LAB, example, family, star1, tiny_qwen

LF = {"stage": "sft", "template": "deepseekr1", "dataset": "mine", "dataset_dir": ".", "cutoff_len": 4096}
AXOLOTL = {"base_model": "x", "datasets": [{"path": "mine.json", "type": "chat_template"}], "sequence_len": 4096}
ENTRY = {
    "file_name": "mine.json", "formatting": "sharegpt", "columns": {"messages": "messages"},
    "tags": {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant"},
}  # fmt: skip


@pytest.fixture
def sample(shared_data: Path) -> list[Example]:
    return list(star1(shared_data)[::100])


def written(folder: Path, rows: list[Example]) -> Path:
    """The rows as people keep them for these trainers, with a dataset_info.json."""
    talks: list[dict[str, Any]] = [
        {
            "messages": [
                {"role": "user", "content": row.goal},
                {"role": "assistant", "content": f"<think>\n{row.reasoning}\n</think>\n\n{row.answer}"},
            ]
        }
        for row in rows
    ]
    (folder / "mine.json").write_text(json.dumps(talks), encoding="utf-8")
    (folder / "dataset_info.json").write_text(json.dumps({"mine": ENTRY}), encoding="utf-8")
    return folder / "mine.json"


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "resolute", "train", *map(str, arguments)]
    return subprocess.run(call, capture_output=True, text=True, check=False)


def test_a_configuration_is_told_by_its_keys(tmp_path: Path) -> None:
    for wanted, content in (("trl", {"max_length": 9}), ("llamafactory", LF), ("axolotl", AXOLOTL)):
        path = tmp_path / f"{wanted}.yaml"
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        assert read_config(path) == (wanted, content)


@pytest.mark.parametrize(
    ("text", "what"),
    [("a: [", "not YAML"), ("- a", "is a mapping"), ("colour: red", "of neither TRL, LLaMA-Factory nor Axolotl")],
    ids=["damaged", "a list", "of nobody"],
)
def test_what_is_no_configuration_is_refused_with_the_reason(tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ResoluteError, match=what):
        read_config(path)
    with pytest.raises(ResoluteError, match="cannot read"):
        read_config(tmp_path / "none.yaml")


def test_a_missing_or_silent_dataset_info_is_named(tmp_path: Path) -> None:
    with pytest.raises(ResoluteError, match=r"dataset_info\.json is missing"):
        llamafactory.described(LF, tmp_path / "mine.json", str(tmp_path / "c.yaml"))
    (tmp_path / "dataset_info.json").write_text(json.dumps({"other": {}}), encoding="utf-8")
    with pytest.raises(ResoluteError, match=r"no entry for mine\.json"):
        llamafactory.described(LF, tmp_path / "mine.json", str(tmp_path / "c.yaml"))
    (tmp_path / "dataset_info.json").write_text(json.dumps({"mine": ENTRY}), encoding="utf-8")
    assert llamafactory.described(LF, tmp_path / "mine.json", str(tmp_path / "c.yaml")) == ENTRY


def test_an_environment_without_the_trainer_is_told_how_to_be_named(tmp_path: Path, sample: list[Example]) -> None:
    data = written(tmp_path, sample)
    with pytest.raises(ResoluteError, match="LLaMA-Factory is not installed"):
        llamafactory.rows(data, tmp_path, LF, where=str(tmp_path / "c.yaml"), python=sys.executable)
    rows = [item.row for item in read_source(data)]
    with pytest.raises(ResoluteError, match="Axolotl is not installed"):
        axolotl.rows(rows, tmp_path, AXOLOTL, where="c.yaml", python=sys.executable)
    with pytest.raises(ResoluteError, match="cannot ask Axolotl"):
        axolotl.rows(rows, tmp_path, AXOLOTL, where="c.yaml", python=str(tmp_path / "no-python"))


def test_a_row_without_an_output_stops_the_audit(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    talk = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}]
    path.write_text(json.dumps([{"messages": talk}, {"messages": talk[:1]}]), encoding="utf-8")
    with pytest.raises(ResoluteError, match="1 of 2 rows cannot be read; row 2"):
        read_source(path)


@pytest.mark.skipif("RESOLUTE_LLAMAFACTORY_PYTHON" not in os.environ, reason="names no Python with LLaMA-Factory")
def test_llamafactorys_r1_template_keeps_every_thought(
    tmp_path: Path, shared_data: Path, sample: list[Example]
) -> None:
    tokenizer = shared_data / "tokenizers" / "r1-distill-qwen"
    model, data = tiny_qwen(tmp_path / "model", tokenizer, hidden=8), written(tmp_path, sample)
    python = os.environ["RESOLUTE_LLAMAFACTORY_PYTHON"]
    prepared = llamafactory.rows(data, model, LF, where=str(tmp_path / "c.yaml"), python=python)
    found = audit_foreign(prepared, sample, family(tokenizer))
    assert found.reasoning_kept
    assert (found.prompt, found.as_sampled) == (0, len(sample))


@pytest.mark.skipif("RESOLUTE_AXOLOTL_PYTHON" not in os.environ, reason="names no Python with Axolotl")
def test_axolotl_with_r1s_own_template_keeps_no_thought_and_with_qwen3s_all(
    tmp_path: Path, shared_data: Path, sample: list[Example]
) -> None:
    written(tmp_path, sample)
    rows = [item.row for item in read_source(tmp_path / "mine.json")]
    python = os.environ["RESOLUTE_AXOLOTL_PYTHON"]
    for name, kept in (("r1-distill-qwen", 0), ("qwen3", len(sample))):
        tokenizer = shared_data / "tokenizers" / name
        model = tiny_qwen(tmp_path / name, tokenizer, hidden=8)
        prepared = axolotl.rows(rows, model, AXOLOTL, where="c.yaml", python=python, name="mine.json")
        assert audit_foreign(prepared, sample, family(tokenizer)).thought == kept


@pytest.mark.parametrize("form", ["tokenized", "axolotl", "llamafactory"])
def test_what_is_handed_over_reads_back_as_the_rows_with_their_thoughts_under_loss(
    tmp_path: Path, shared_data: Path, sample: list[Example], form: Any
) -> None:
    renderer = family(shared_data / "tokenizers" / "r1-distill-qwen")
    audited = audit(sample, renderer, max_length=4096)
    handed = hand_over(sample, audited, renderer, form, tmp_path / "out", model="models/R1")
    assert handed.audit.reasoning_kept
    assert handed.audit.as_sampled == len(sample)
    if form == "llamafactory":
        assert (
            llamafactory.described(
                yaml.safe_load((tmp_path / "out" / "llamafactory.yaml").read_text()),
                tmp_path / "out" / "train.json",
                str(tmp_path / "out" / "llamafactory.yaml"),
            )["formatting"]
            == "sharegpt"
        )
        assert read_config(tmp_path / "out" / "llamafactory.yaml")[1]["template"] == "deepseekr1"
    else:
        table = pq.read_table(tmp_path / "out" / "train.parquet").to_pydict()
        assert table["input_ids"] == [row.ids for _, row in audited.rows]
        assert table["labels"] == [row.labels for _, row in audited.rows]
        assert [len(mask) for mask in table["attention_mask"]] == [len(row.ids) for _, row in audited.rows]
    with pytest.raises(ResoluteError, match="holds something already"):
        hand_over(sample, audited, renderer, form, tmp_path / "out", model="models/R1")


def test_a_family_that_llamafactory_is_not_known_to_keep_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    rows = [example("a", "take the", "yes no", "no")]
    renderer = Renderer.load(LAB)
    audited = audit(rows, renderer, max_length=50)
    with pytest.raises(ResoluteError, match="known to keep this family's thought"):
        hand_over(rows, audited, renderer, "llamafactory", tmp_path / "out", model="lab")
    assert list(tmp_path.iterdir()) == []


def test_the_commands_say_it_in_one_line_and_leave_with_3_where_reasoning_is_lost(
    tmp_path: Path, shared_data: Path, sample: list[Example]
) -> None:
    data = written(tmp_path, sample)
    lost = run("--audit", data, "--model", shared_data / "tokenizers" / "r1-distill-qwen", "--out", tmp_path / "found")
    assert lost.returncode == 3, lost.stderr
    assert "0 of 10 rows that have a thought would learn it. THE REASONING IS NOT KEPT WHOLE." in lost.stdout
    assert read_json(tmp_path / "found" / "mask_audit.json")["deleted"] == 10
    config = tmp_path / "trl.yaml"
    config.write_text("assistant_only_loss: true\nmax_length: 4096\nlearning_rate: 1.0e-5\n", encoding="utf-8")
    kept = run("--audit", data, "--model", shared_data / "tokenizers" / "r1-distill-qwen", "--with", config)
    assert kept.returncode == 0, kept.stderr
    assert "10 of 10 rows" in kept.stdout
    nothing = run("--model", "lab/base")
    assert nothing.returncode == 1
    assert "which rows?" in nothing.stderr


def test_export_data_writes_what_the_gate_passed(tmp_path: Path) -> None:
    rows = [example(f"r{n}", "take the", "yes no", "no") for n in range(3)]
    write_records(tmp_path / "examples.parquet", rows, Example)
    given = [tmp_path / "examples.parquet", "--model", "lab/base", "--learning-rate", "1e-4"]
    done = run(*given, "--max-length", 50, "--export-data", "tokenized", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "3 rows for tokenized; read back: 3 thoughts under loss" in done.stdout
    short = run(*given, "--max-length", 5, "--export-data", "tokenized", "--out", tmp_path / "short")
    assert short.returncode == 1
    assert "longer than 5 tokens" in short.stderr
    assert not (tmp_path / "short").exists()
