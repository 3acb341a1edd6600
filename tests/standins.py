"""Stand-in tokenizers of the families whose templates are at hand but whose tokenizers are not.

Bytes, and the added tokens of the family: enough to hold rendered texts, never token ids. What a family's tokenizer
adds beside the marks of its template, and what ends its generations, is as its published configuration has it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from resolute.models.render import Renderer


@dataclass(frozen=True)
class Family:
    """A chat template and the added tokens its tokenizer has."""

    template: str
    """File of the public templates."""
    eos: str
    special: tuple[str, ...]
    """Added tokens that are special; `eos` and `bos` are among them without being listed."""
    plain: tuple[str, ...] = ("<think>", "</think>")
    """Added tokens that are not special, so that they stand in what is decoded."""
    bos: str | None = None
    pad: str | None = None
    adds_bos: bool = False
    """The tokenizer itself puts the beginning of sequence before a text."""
    stops: tuple[str, ...] = ()
    """What the checkpoint's generation settings name as end of a generation, beside `eos`."""
    switch: bool = True
    """The template has a thinking switch."""
    real: str | None = field(default=None)
    """Folder of the real tokenizer, where it is at hand."""


_DEEPSEEK = ("<｜User｜>", "<｜Assistant｜>")
_IM = ("<|im_start|>", "<|im_end|>", "<|endoftext|>")
_SENTENCE = {"bos": "<｜begin▁of▁sentence｜>", "eos": "<｜end▁of▁sentence｜>", "adds_bos": True}

FAMILIES: dict[str, Family] = {
    "R1-Distill-Qwen": Family(
        "deepseek-ai-DeepSeek-R1-Distill-Qwen-32B.jinja", special=(), plain=(*_DEEPSEEK, "<think>", "</think>"),
        switch=False, real="r1-distill-qwen", **_SENTENCE,
    ),
    "R1-Distill-Llama": Family(
        "deepseek-ai-DeepSeek-R1-Distill-Llama-8B.jinja", special=(), plain=(*_DEEPSEEK, "<think>", "</think>"),
        switch=False, **_SENTENCE,
    ),
    "DeepSeek-V3.1": Family(
        "deepseek-ai-DeepSeek-V3.1.jinja", special=(), plain=(*_DEEPSEEK, "<think>", "</think>"), **_SENTENCE,
    ),
    "Qwen3": Family(
        "Qwen-Qwen3-0.6B.jinja", eos="<|im_end|>", pad="<|endoftext|>", special=_IM,
        plain=("<think>", "</think>", "<tool_call>", "</tool_call>"), stops=("<|endoftext|>",), real="qwen3",
    ),
    "Qwen3.5": Family(
        "Qwen3.5-4B.jinja", eos="<|im_end|>", pad="<|endoftext|>", special=(*_IM, "<|vision_start|>", "<|vision_end|>"),
        plain=("<think>", "</think>", "<tool_call>", "</tool_call>"), stops=("<|endoftext|>",),
    ),
    "SmolLM3": Family("HuggingFaceTB-SmolLM3-3B.jinja", eos="<|im_end|>", special=_IM),
    "GLM-4.6": Family(
        "GLM-4.6.jinja", eos="<|endoftext|>",
        special=("[gMASK]", "<sop>", "<|user|>", "<|assistant|>", "<|system|>", "<|observation|>"),
        plain=("<think>", "</think>", "/nothink"), stops=("<|user|>", "<|observation|>"),
    ),
    "Seed-OSS": Family(
        "ByteDance-Seed-OSS.jinja", bos="<seed:bos>", eos="<seed:eos>", pad="<seed:pad>", special=(),
        plain=("<seed:think>", "</seed:think>", "<seed:cot_budget_reflect>", "</seed:cot_budget_reflect>"),
    ),
    "Nemotron-Nano-v2": Family(
        "NVIDIA-Nemotron-Nano-v2.jinja", bos="<s>", eos="<SPECIAL_12>", special=("<SPECIAL_10>", "<SPECIAL_11>"),
        plain=(),
    ),
    "Kimi-K2-Thinking": Family(
        "Kimi-K2-Thinking.jinja", bos="[BOS]", eos="[EOS]", pad="[PAD]",
        special=("<|im_end|>", "<|im_user|>", "<|im_assistant|>", "<|im_system|>", "<|im_middle|>"),
        stops=("<|im_end|>",), switch=False,
    ),
    "MiniMax-M2": Family(
        "MiniMax-M2.jinja", bos="]~!b[", eos="[e~[", pad="]!p~[", special=("]~b]",), switch=False,
    ),
    "Ministral-3-Reasoning": Family(
        "mistralai-Ministral-3-14B-Reasoning-2512.jinja", bos="<s>", eos="</s>", pad="<pad>", adds_bos=True,
        special=("[INST]", "[/INST]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[THINK]", "[/THINK]", "[TOOL_CALLS]"),
        plain=(), switch=False,
    ),
    "gpt-oss": Family(
        "openai-gpt-oss-120b.jinja", bos="<|startoftext|>", eos="<|return|>", pad="<|endoftext|>",
        special=("<|start|>", "<|end|>", "<|message|>", "<|channel|>", "<|constrain|>", "<|call|>"),
        plain=(), stops=("<|call|>",), switch=False,
    ),
}  # fmt: skip
"""Every family whose template is at hand."""


@cache
def stand_in(name: str, templates: Path, folder: Path) -> Renderer:
    """The renderer of a family's template over a byte-level tokenizer with its added tokens, saved in `folder`."""
    family = FAMILIES[name]
    tokenizer = _tokenizer(family)
    tokenizer.chat_template = (templates / family.template).read_text(encoding="utf-8")
    place = folder / name
    tokenizer.save_pretrained(place)
    stops = [tokenizer.convert_tokens_to_ids(mark) for mark in (family.eos, *family.stops)]
    (place / "generation_config.json").write_text(json.dumps({"eos_token_id": stops}), encoding="utf-8")
    return Renderer.load(place)


def _tokenizer(family: Family) -> Any:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE({letter: number for number, letter in enumerate(alphabet)}, []))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    marks = dict.fromkeys(mark for mark in (family.bos, family.eos, family.pad, *family.special) if mark)
    inner.add_special_tokens([AddedToken(mark, special=True, normalized=False) for mark in marks])
    inner.add_tokens([AddedToken(mark, special=False, normalized=False) for mark in family.plain])
    if family.adds_bos and family.bos:
        begin = inner.token_to_id(family.bos)
        inner.post_processor = processors.TemplateProcessing(f"{family.bos} $A", None, [(family.bos, begin)])
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, bos_token=family.bos, eos_token=family.eos, pad_token=family.pad or family.eos,
        clean_up_tokenization_spaces=False,
    )  # fmt: skip
