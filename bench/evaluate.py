"""Evaluation end to end: the reference's procedure beside ours on the same weights, a PAIR server kept busy, memory.

    python -m bench.evaluate [--goals N] [--device cpu|cuda] [--model FOLDER] [--guard FOLDER] [--only PART]

The reference's procedure, as it is described: batches of 8 in the order of the data, padded to the longest, until the
last row ended; then one judging call after the other. Ours: `evaluate`, then `judge`, files and ledgers included.
Without folders the model is the lab's base and the guard a tiny one that is trained on the spot.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from bench.evaluate_served import TOKENS, enrol, memory, pair, quiet
from resolute.core.files import read_records
from resolute.core.jobs import Job, perform
from resolute.core.markdown import table
from resolute.core.records import Message, Prompt, Trace, Verdict
from resolute.core.settings import Evaluate, Judge
from resolute.judges.llama_guard import LLAMA_GUARD_3

BATCH = 8
"""Rows of a batch of the reference's."""
LEAST_ON_GPU = 5.0


@dataclass
class Counted:
    """What went through a model's forward passes."""

    passes: int = 0
    prefills: int = 0
    """Passes that read prompts: one a batch."""
    rows: int = 0
    """Prompts read."""
    tokens: int = 0
    """Of those prompts."""
    padded: int = 0
    """Places beside them that hold nothing."""

    def watch(self, model: Any) -> None:
        """Count from here on."""
        model.register_forward_pre_hook(self._see, with_kwargs=True)

    def _see(self, _: Any, args: Any, kwargs: Any) -> None:
        ids, mask = kwargs["input_ids"] if "input_ids" in kwargs else args[0], kwargs.get("attention_mask")
        self.passes += 1
        if ids.shape[1] > 1:
            real = int(mask.sum()) if mask is not None else ids.numel()
            self.prefills += 1
            self.rows += ids.shape[0]
            self.tokens += real
            self.padded += ids.numel() - real

    @property
    def padding(self) -> float:
        return self.padded / max(self.padded + self.tokens, 1)


@dataclass
class Way:
    """One procedure: seconds until the last verdict, and what both models did."""

    seconds: float = 0.0
    generating: Counted = field(default_factory=Counted)
    judging: Counted = field(default_factory=Counted)
    verdicts: int = 0

    def line(self, name: str, n: int) -> tuple[object, ...]:
        made, judged = self.generating, self.judging
        return (
            name, f"{self.seconds:.1f}", made.prefills, made.passes, f"{made.padding:.1%}",
            f"{judged.rows:,}", judged.passes, f"{judged.padding:.1%}", f"{n / self.seconds:.1f}",
        )  # fmt: skip


HEAD = (
    "way", "seconds", "batches generated", "passes of them", "padding", "questions judged", "passes of them", "padding",
    "goals/s",
)  # fmt: skip


class _Weights:
    """A checkpoint as anybody loads it."""

    def __init__(self, folder: Path, device: str) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder, padding_side="left")
        dtype = torch.bfloat16 if device == "cuda" else torch.float32
        model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
        model.generation_config = GenerationConfig()
        self.model = model.to(device).eval()
        self.tokenizer.pad_token = self.tokenizer.pad_token or self.tokenizer.eos_token

    def say(self, texts: Sequence[str], **how: Any) -> list[str]:
        """One padded batch."""
        import torch

        given = self.tokenizer(list(texts), padding=True, add_special_tokens=False, return_tensors="pt")
        ids, mask = given["input_ids"].to(self.model.device), given["attention_mask"].to(self.model.device)
        ends = {"pad_token_id": self.tokenizer.pad_token_id, "eos_token_id": self.tokenizer.eos_token_id}
        with torch.inference_mode():
            out = self.model.generate(input_ids=ids, attention_mask=mask, **ends, **how)
        return [self.tokenizer.decode(row, skip_special_tokens=False) for row in out[:, ids.shape[1] :]]


def reference(prompts: Sequence[Prompt], model: Path, guard: Path, device: str) -> Way:
    """Padded batches of 8, then each thought and each answer judged by itself."""
    import torch
    from transformers.utils.logging import disable_progress_bar

    from resolute.models.render import Renderer

    disable_progress_bar()
    torch.manual_seed(0)
    way, start, found = Way(), time.perf_counter(), list[tuple[Prompt, str]]()
    target, renderer = _Weights(model, device), Renderer.load(model)
    way.generating.watch(target.model)
    how = {"do_sample": True, "temperature": 0.6, "top_p": 0.95, "top_k": 0, "max_new_tokens": TOKENS}
    for at in range(0, len(prompts), BATCH):
        some = prompts[at : at + BATCH]
        sent = [renderer.prompt([Message(role="user", content=one.text)]) for one in some]
        for prompt, rendered, text in zip(some, sent, target.say([one.text for one in sent], **how), strict=True):
            parts = renderer.split(text.partition(target.tokenizer.eos_token)[0], rendered)
            found += [(prompt, part) for part in (parts.thought, parts.answer) if part.strip()]
    del target
    judge = _Weights(guard, device)
    way.judging.watch(judge.model)
    for prompt, part in found:
        talk = [{"role": "user", "content": prompt.goal}, {"role": "assistant", "content": part}]
        shown = judge.tokenizer.apply_chat_template(talk, tokenize=False, add_generation_prompt=True)
        judge.say([shown], do_sample=False, max_new_tokens=LLAMA_GUARD_3.max_tokens)
        way.verdicts += 1
    way.seconds = time.perf_counter() - start
    return way


def ours(count: int, model: Path, guard: Path) -> Way:
    """`evaluate` and `judge`, from nothing to verdicts on the disk."""
    way = Way()
    with tempfile.TemporaryDirectory() as folder, _watched(way):
        start = time.perf_counter()
        asked = Evaluate.model_validate({"model": str(model), "suites": [f"bench:{count}"]})
        answered = perform(Job("evaluate", asked), Path(folder), quiet)
        judges = Judge(judges=(f"llama-guard-3@{guard}",))
        made = perform(Job("judge", judges, {"traces": answered.output("traces.parquet")}), Path(folder), quiet)
        way.seconds = time.perf_counter() - start
        assert len(read_records(answered.output("traces.parquet"), Trace)) == count
        verdicts = read_records(made.output("verdicts.parquet"), Verdict)
        way.verdicts = sum(one.outcome == "scored" for one in verdicts)
    return way


@contextmanager
def _watched(way: Way) -> Generator[None]:
    """Passes are counted where our own code loads its models."""
    from resolute.models import local, provider
    from resolute.models.instruments import inprocess

    def counting(counted: Counted) -> type[local.Generator]:
        class Watched(local.Generator):
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                counted.watch(self.model)

        return Watched

    provider.Generator, inprocess.Generator = counting(way.generating), counting(way.judging)  # type: ignore[misc]
    try:
        yield
    finally:
        provider.Generator = inprocess.Generator = local.Generator  # type: ignore[misc]


def chosen(count: int) -> list[Prompt]:
    """The prompts that `bench:COUNT` asks, in the order of the data."""
    from resolute.models.evaluating import measured

    asked = Evaluate.model_validate({"model": "lab/base", "suites": [f"bench:{count}"]})
    return measured(asked)[0].prompts


def in_process(count: int, model: Path, guard: Path, device: str) -> None:
    """Both ways, one after the other, on the same weights."""
    before = reference(chosen(count), model, guard, device)
    after = ours(count, model, guard)
    ratio = before.seconds / after.seconds
    where = "GPU" if device == "cuda" else "CPU, one thread"
    print(f"## End to end: {count} goals asked and judged, {where}\n")
    print("\n".join(table(HEAD, [before.line("the reference's", count), after.line("ours", count)])))
    questions = after.judging.rows
    print(f"\nRatio {ratio:.2f}. n/32 is {count / 32:g} batches of goals and {questions / 32:g} passes of questions.")
    print(f"{after.verdicts:,} verdicts of ours were scored; the reference's judge spoke {before.verdicts:,} times.\n")
    if after.generating.prefills > max(count / 32, 1) or after.judging.passes > max(questions / 32, 1):
        raise SystemExit("too many forward calls")
    if max(after.generating.padding, after.judging.padding) > 0.1:
        raise SystemExit("too much padding")
    if device == "cuda" and ratio < LEAST_ON_GPU:
        raise SystemExit(f"less than {LEAST_ON_GPU:g} times the reference's speed")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--goals", type=int, default=512)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--guard", type=Path)
    parser.add_argument("--only", choices=("speed", "pair", "memory"))
    given = parser.parse_args()
    if given.device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    enrol()
    with tempfile.TemporaryDirectory() as folder:
        if given.only in (None, "speed"):
            from resolute.models.identity import resolve
            from tests.guard import make_guard

            model = given.model or resolve("lab/base").path
            in_process(given.goals, model, given.guard or make_guard(Path(folder) / "guard"), given.device)
    if given.only in (None, "memory"):
        memory()
    if given.only in (None, "pair"):
        pair()


if __name__ == "__main__":
    main()
