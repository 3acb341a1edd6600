"""Judging speed: a guard in this process against one row at a time, a server kept busy, stored answers judged again.

    python -m bench.judge [--rows N] [--calls N] [--model FOLDER]

In process: the same tiny guard (trained on the spot) or a checkpoint in Llama-Guard-3's form, greedy, both ways to the
same words. Served: a loopback server that answers each call after 2 s and takes 64 at once. Offline: 10,000 answers.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from bench.loopback import Manners, loopback
from resolute.core.files import write_records
from resolute.core.jobs import Job, perform
from resolute.core.markdown import table
from resolute.core.records import Ending, Message, Prompt, Trace
from resolute.core.settings import Judge
from resolute.judges.llama_guard import LLAMA_GUARD_3
from resolute.models.identity import Model, resolve
from resolute.models.instruments.judging import Sitting, judged
from resolute.models.instruments.manner import Manner
from tests.guard import make_guard, text

LATENCY, CONNECTIONS = 2.0, 64
STORED = 10_000


def quiet(*_: object, **__: object) -> None:
    """No bars in a benchmark."""


def traces(count: int, *, longest: int = 200) -> list[Trace]:
    """Answers of all lengths, a third of them unsafe to the guard."""
    draw = random.Random(0)
    made: list[Trace] = []
    for number in range(count):
        goal = f"rub the lid {number}"
        prompt = Prompt(text=goal, goal=goal)
        answer = text(draw, unsafe=number % 3 == 0, longest=longest)
        sent = [Message(role="user", content=goal)]
        ending = Ending(where="answer", why="end of turn")
        fields = {"prompt": prompt, "sent": sent, "model": "m", "identity": "i", "reasoning": "", "answer": answer}
        made.append(Trace.model_validate({"id": f"t{number:06}", **fields, "ending": ending}))
    return made


class _Counted:
    """Counts a model's forward passes, and the real and padded tokens that go in."""

    def __init__(self, model: Any) -> None:
        self.passes = self.tokens = self.padded = 0
        model.register_forward_pre_hook(self._see, with_kwargs=True)

    def _see(self, _: Any, args: Any, kwargs: Any) -> None:
        ids = kwargs["input_ids"] if "input_ids" in kwargs else args[0]
        self.passes += 1
        mask = kwargs.get("attention_mask")
        if ids.shape[1] > 1:  # the prompts; later passes hold one token a row
            real = int(mask.sum()) if mask is not None else ids.numel()
            self.tokens += real
            self.padded += ids.numel() - real


def in_process(model: Model, rows: list[Trace]) -> None:
    """One row at a time, as the reference scores, and ours, on the same weights."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    cuda = torch.cuda.is_available()
    assert model.path is not None
    tokenizer: Any = AutoTokenizer.from_pretrained(model.path)
    plain: Any = AutoModelForCausalLM.from_pretrained(model.path, dtype=torch.bfloat16 if cuda else torch.float32)
    plain = plain.to("cuda" if cuda else "cpu").eval()
    counted = _Counted(plain)
    words: dict[str, str] = {}
    start = time.perf_counter()
    for row in rows:
        talk = [{"role": "user", "content": row.prompt.goal}, {"role": "assistant", "content": row.answer}]
        shown = tokenizer.apply_chat_template(talk, tokenize=False, add_generation_prompt=True)
        ids = tokenizer(shown, add_special_tokens=False, return_tensors="pt")["input_ids"].to(plain.device)
        with torch.inference_mode():
            out = plain.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                do_sample=False,
                max_new_tokens=LLAMA_GUARD_3.max_tokens,
                pad_token_id=tokenizer.eos_token_id,
            )
        words[row.id] = tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True)
    reference = time.perf_counter() - start
    theirs = (counted.passes, counted.padded, counted.tokens)
    del plain

    import resolute.models.instruments.inprocess as inprocess

    seen: list[_Counted] = []
    loaded = inprocess.Generator

    class Watched(loaded):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            seen.append(_Counted(self.model))

    inprocess.Generator = Watched
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        manner = Manner(LLAMA_GUARD_3.max_tokens, chances=True)
        made = judged([Sitting(LLAMA_GUARD_3, rows)], model, manner, folder=Path(folder), progress=quiet)
        ours = time.perf_counter() - start
    inprocess.Generator = loaded
    alike = sum(
        verdict.raw.strip() == words[verdict.trace].strip() for verdict in made.verdicts if verdict.part == "answer"
    )
    passes, padded, tokens = seen[0].passes, seen[0].padded, seen[0].tokens
    n = len(rows)
    where = torch.cuda.get_device_name() if cuda else "CPU, one thread"
    print(f"## In process: {n:,} answers, {where}\n")
    head = ("way", "seconds", "answers/s", "forward passes", "rows a pass", "padding")
    lines = [
        ("one row at a time", f"{reference:.1f}", f"{n / reference:,.0f}", theirs[0], f"{n / theirs[0]:.2f}", "0%"),
        (
            "ours, loading included",
            f"{ours:.1f}",
            f"{n / ours:,.0f}",
            passes,
            f"{n / passes:.1f}",
            f"{100 * padded / (padded + tokens):.1f}%",
        ),
    ]
    print("\n".join(table(head, lines)))
    print(f"\nRatio {reference / ours:.1f}; the same words for {alike:,} of {n:,}; n/32 is {n // 32} passes.\n")
    if passes > n / 32 or padded > 0.1 * (padded + tokens):
        raise SystemExit("too many passes, or too much padding")


def served(calls: int) -> None:
    """A server's own limit against what judging makes of it, from its first request to its last reply."""
    manners = Manners("safe", LATENCY, CONNECTIONS)
    with loopback(manners) as server, tempfile.TemporaryDirectory() as folder:
        model, manner = resolve("openai-api/vllm/guard"), Manner(48, concurrency=CONNECTIONS)
        asked = [Sitting(LLAMA_GUARD_3, traces(calls, longest=60))]
        judged(asked, model, manner, folder=Path(folder), progress=quiet)
        taken, least = server.seconds, calls * LATENCY / CONNECTIONS
        print(f"## Served: {server.answered:,} calls, {LATENCY:.0f} s each, {CONNECTIONS} at once\n")
        print(f"{taken:.1f} s; the server's limit is {least:.1f} s: {100 * least / taken:.0f}% of it.\n")
        if least / taken < 0.9:
            raise SystemExit("less than 90% of the server's limit")


def stored() -> None:
    """The offline judge over stored answers, reading and writing included."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "traces.parquet"
        write_records(path, traces(STORED, longest=120), Trace)
        start = time.perf_counter()
        perform(Job("judge", Judge(judges=("refusal",)), {"traces": path}), Path(folder), quiet)
        taken = time.perf_counter() - start
        print(f"## Offline\n\n{STORED:,} stored answers judged again in {taken:.1f} s, files included.\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rows", type=int, default=2_048)
    parser.add_argument("--calls", type=int, default=4_000)
    parser.add_argument("--model", type=Path)
    options = parser.parse_args()
    stored()
    with tempfile.TemporaryDirectory() as folder:
        in_process(resolve(str(options.model or make_guard(Path(folder) / "guard"))), traces(options.rows))
    if options.calls:
        served(options.calls)


if __name__ == "__main__":
    main()
