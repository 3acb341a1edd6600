"""Why we render and mask ourselves: what the same rows become on TRL's own way from `messages`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from resolute.core.records import Example
from resolute.models.render import IGNORED
from resolute.models.training.mask_audit import audit
from tests.families import REAL, family, star1, tiny_qwen

SAMPLE = 40


def conversation(row: Example) -> list[dict[str, str]]:
    said = f"<think>\n{row.reasoning}\n</think>\n\n{row.answer}"
    return [{"role": "user", "content": row.goal}, {"role": "assistant", "content": said}]


def learned_by_default(model: Path, tokenizer: Any, rows: list[Example], scratch: Path) -> list[str]:
    """What carries loss after TRL's own preparation of `messages`, decoded."""
    from datasets import Dataset
    from transformers import AutoModelForCausalLM
    from trl import SFTConfig, SFTTrainer

    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(model),
        args=SFTConfig(output_dir=str(scratch), use_cpu=True, bf16=False, report_to=[], disable_tqdm=True),
        train_dataset=Dataset.from_list([{"messages": conversation(row)} for row in rows]),
        processing_class=tokenizer,
    )
    kept = [[number for number in labels if number != IGNORED] for labels in trainer.train_dataset["labels"]]
    return [tokenizer.decode(labels) for labels in kept]


@pytest.mark.parametrize("name", REAL)
def test_trls_default_on_messages_loses_every_thought_with_r1_and_puts_loss_on_the_prompt_with_both(
    tmp_path: Path, shared_data: Path, name: str
) -> None:
    renderer = family(shared_data / "tokenizers" / name)
    rows = list(star1(shared_data)[:: 1000 // SAMPLE])
    model = tiny_qwen(tmp_path / "model", shared_data / "tokenizers" / name, hidden=4)
    learned = learned_by_default(model, renderer.tokenizer, rows, tmp_path / "out")
    assert len(learned) == SAMPLE
    thoughts = sum(row.reasoning[:60] in text for row, text in zip(rows, learned, strict=True))
    prompts = sum(renderer.canonical(row.goal) in text for row, text in zip(rows, learned, strict=True))
    assert (thoughts, prompts) == (0 if name == "r1-distill-qwen" else SAMPLE, SAMPLE)
    ours = audit(rows, renderer, max_length=2048).report
    assert ours.covered["thought"] == SAMPLE


@pytest.mark.parametrize(("name", "kept"), [("r1-distill-qwen", 0), ("qwen3", 1000)])
def test_of_all_of_star1_the_shipped_templates_leave_so_many_thoughts_in_a_conversation(
    shared_data: Path, name: str, kept: int
) -> None:
    tokenizer = family(shared_data / "tokenizers" / name).tokenizer
    rendered = ((row, tokenizer.apply_chat_template(conversation(row), tokenize=False)) for row in star1(shared_data))
    assert sum("</think>" in text and row.reasoning[:60] in text for row, text in rendered) == kept
