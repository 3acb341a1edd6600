"""What TRL's own preparation makes of rows, and what the audit says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.families import table
from resolute.core.errors import ResoluteError
from resolute.core.records import Example
from resolute.models.training.foreign import ForeignAudit, audit_foreign
from resolute.peers import trl
from tests.families import family, star1

SAMPLE = 30


def talk(row: Example) -> dict[str, Any]:
    said = f"<think>\n{row.reasoning}\n</think>\n\n{row.answer}"
    return {"messages": [{"role": "user", "content": row.goal}, {"role": "assistant", "content": said}]}


def audited(shared_data: Path, name: str, **options: Any) -> ForeignAudit:
    renderer = family(shared_data / "tokenizers" / name)
    rows = star1(shared_data)[:: 1000 // SAMPLE][:SAMPLE]
    prepared = trl.rows([talk(row) for row in rows], renderer.tokenizer, options)
    return audit_foreign(prepared, rows, renderer)


def test_r1s_messages_lose_every_thought_by_default(shared_data: Path) -> None:
    found = audited(shared_data, "r1-distill-qwen")
    assert (found.rows, found.with_thought, found.thought, found.close) == (SAMPLE, SAMPLE, 0, 0)
    assert found.deleted == SAMPLE, "the template has taken them out: no mask could bring them back"
    assert found.answer == found.end == SAMPLE
    assert found.prompt == SAMPLE
    assert not found.reasoning_kept


def test_assistant_only_loss_keeps_r1s_thoughts_with_the_template_as_shipped(shared_data: Path) -> None:
    found = audited(shared_data, "r1-distill-qwen", assistant_only_loss=True, max_length=None)
    assert found.thought == found.close == found.answer == found.end == SAMPLE
    assert found.prompt == 0
    assert found.beginnings == {1: SAMPLE}
    assert found.reasoning_kept


def test_qwen3_keeps_its_thoughts_and_puts_loss_on_the_prompt(shared_data: Path) -> None:
    found = audited(shared_data, "qwen3", max_length=None)
    assert found.thought == found.end == found.prompt == SAMPLE
    assert found.reasoning_kept


def test_a_short_limit_cuts_rows_and_says_so(shared_data: Path) -> None:
    found = audited(shared_data, "qwen3", max_length=200)
    assert found.cut > SAMPLE // 2
    assert found.end < SAMPLE
    assert found.deleted == 0, "cut short is not taken out"
    assert not found.reasoning_kept


def test_rows_that_trl_leaves_out_are_counted(shared_data: Path) -> None:
    renderer = family(shared_data / "tokenizers" / "r1-distill-qwen")
    row = star1(shared_data)[0]
    prepared = trl.rows([talk(row)], renderer.tokenizer, {"assistant_only_loss": True, "max_length": 5})
    assert prepared == [None]
    found = audit_foreign(prepared, [row], renderer)
    assert (found.left_out, found.reasoning_kept) == (1, False)


def test_rows_in_no_form_that_trl_knows_are_refused_in_its_words(shared_data: Path) -> None:
    renderer = family(shared_data / "tokenizers" / "qwen3")
    with pytest.raises(ResoluteError, match="TRL refuses these rows"):
        trl.rows([{"question": "Why?", "response": "So."}], renderer.tokenizer, {})


def test_packing_is_refused_and_a_template_beside_the_configuration_is_found(tmp_path: Path) -> None:
    with pytest.raises(ResoluteError, match="packing is not audited"):
        trl.options_of({"packing": True}, str(tmp_path / "c.yaml"))
    (tmp_path / "t.jinja").write_text("{{ messages }}", encoding="utf-8")
    found = trl.options_of({"chat_template_path": "t.jinja", "learning_rate": 1}, str(tmp_path / "c.yaml"))
    assert found == {"chat_template_path": str(tmp_path / "t.jinja")}


def test_the_table_of_families_says_that_ours_keeps_every_thought_and_trls_default_some(
    shared_data: Path, tmp_path: Path
) -> None:
    found = table(shared_data, tmp_path)
    assert {cells[-1] for cells in found.values()} == {"kept"}
    assert {name for name, cells in found.items() if "lost" in cells[0]} >= {
        "R1-Distill-Qwen", "R1-Distill-Llama", "DeepSeek-V3.1",
    }  # fmt: skip
    assert len(found) == 13
