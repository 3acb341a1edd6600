"""Text from any Hugging Face causal language model in this process; no Inspect in it.

Requests are sorted by length, left-padded and run in batches. Each row draws from its own random stream, made from its
own seed alone, so that batching, order and resume change no byte. This rests on fp32 logits that do not depend on the
batch to more than rounding (measured on CPU); in bf16 on a GPU a near tie can still fall the other way.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from resolute.core.ask import Sampling
from resolute.core.errors import ResoluteError

if TYPE_CHECKING:
    import torch

BATCH = 64
"""Rows of a forward pass."""

CANDIDATES, CANDIDATE_TOKENS = 10, 8
"""Likeliest tokens that are kept for a place, and places from the first on, where a request asks for its chances."""

Stop = Literal["end of turn", "length", "prompt too long"]


@dataclass(frozen=True)
class Request:
    """Token ids of a rendered prompt (its BOS included), how to draw, and the seed of this request alone."""

    ids: Sequence[int]
    sampling: Sampling
    seed: int
    chances: bool = False
    """Keep the likeliest candidates of the first tokens."""


@dataclass(frozen=True)
class Generated:
    """What came out. `text` keeps special tokens (thinking marks can be special), without the end-of-turn token."""

    ids: list[int]
    text: str
    stop: Stop
    tokens_in: int
    tokens_out: int
    """Tokens drawn, the end-of-turn token included."""
    chances: Sequence[Mapping[str, float]] = ()
    """Candidate token, as the vocabulary writes it -> its probability before temperature, top-k and top-p."""


class Generator:
    """A checkpoint folder, loaded: bf16 on a GPU where there is one, else fp32 on the CPU."""

    def __init__(self, path: str | Path, *, stop_ids: Sequence[int], batch: int = BATCH) -> None:
        """Load weights and tokenizer of `path`; `stop_ids` end a turn.

        Raises `ResoluteError` where the folder cannot be loaded, or torch is not installed.
        """
        self._torch = torch = _torch(path)
        from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        cuda = torch.cuda.is_available()
        self.device = torch.device("cuda" if cuda else "cpu")
        try:
            self.tokenizer: Any = AutoTokenizer.from_pretrained(path, local_files_only=True)
            model: Any = AutoModelForCausalLM.from_pretrained(
                path, local_files_only=True, use_safetensors=True, dtype=torch.bfloat16 if cuda else torch.float32
            )
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            what = f"cannot load the model: {type(error).__name__}: {str(error)[:300]}"
            mend = "name a folder in Hugging Face format that this version of transformers knows"
            raise ResoluteError(what, where=str(path), mend=mend) from error
        self.model: Any = model.to(self.device).eval()
        # What the checkpoint ships as its own defaults (top-k, penalties) must not reach a request that did not ask.
        self.model.generation_config = GenerationConfig()
        self.stop_ids = tuple(stop_ids)
        self.batch = batch
        self._halted = threading.Event()
        self.context = context_of(self.model.config)

    def generate(self, requests: Sequence[Request]) -> list[Generated]:
        """One output per request, in the order of the requests; any number of them."""
        self._halted.clear()
        done: dict[int, Generated] = {}
        fitting: list[int] = []
        for place, request in enumerate(requests):
            if len(request.ids) < self.context:
                fitting.append(place)
            else:
                done[place] = Generated([], "", "prompt too long", len(request.ids), 0)
        fitting.sort(key=lambda place: (len(requests[place].ids), requests[place].sampling.max_tokens, place))
        for start in range(0, len(fitting), self.batch):
            places = fitting[start : start + self.batch]
            outputs = self._split_when_full([requests[place] for place in places])
            done.update(zip(places, outputs, strict=True))
        return [done[place] for place in range(len(requests))]

    def halt(self) -> None:
        """End the running `generate` of another thread at its next token; what it returns is then of no use."""
        self._halted.set()

    def close(self) -> None:
        """Give the memory back."""
        self.model = None
        gc.collect()
        if self.device.type == "cuda":
            self._torch.cuda.empty_cache()

    def _split_when_full(self, requests: Sequence[Request]) -> list[Generated]:
        """A batch that does not fit into the GPU's memory is run in halves: rows do not depend on their batch."""
        try:
            return self._run(requests)
        except self._torch.OutOfMemoryError:
            if len(requests) == 1:
                raise
        self._torch.cuda.empty_cache()
        half = len(requests) // 2
        return [*self._split_when_full(requests[:half]), *self._split_when_full(requests[half:])]

    def _run(self, requests: Sequence[Request]) -> list[Generated]:
        from transformers import GenerationConfig, LogitsProcessorList, StoppingCriteriaList

        torch, width = self._torch, max(len(request.ids) for request in requests)
        limits = [min(request.sampling.max_tokens, self.context - len(request.ids)) for request in requests]
        pad = self.stop_ids[0]
        ids = torch.full((len(requests), width), pad, dtype=torch.long)
        mask = torch.zeros((len(requests), width), dtype=torch.long)
        for row, request in enumerate(requests):
            ids[row, width - len(request.ids) :] = torch.tensor(request.ids, dtype=torch.long)
            mask[row, width - len(request.ids) :] = 1
        config = GenerationConfig(
            do_sample=False, max_new_tokens=max(limits), pad_token_id=pad, eos_token_id=list(self.stop_ids)
        )
        draw = _Draw(torch, requests, limits, width, self.device)
        ends = torch.tensor(limits, device=self.device) + width
        likeliest = _Likeliest(torch, width)
        watched = [likeliest] if any(request.chances for request in requests) else []
        with torch.inference_mode():
            output: torch.Tensor = self.model.generate(
                input_ids=ids.to(self.device),
                attention_mask=mask.to(self.device),
                generation_config=config,
                logits_processor=LogitsProcessorList([*watched, draw]),
                stopping_criteria=StoppingCriteriaList([self._ended(ends)]),
            )
        rows = output[:, width:].tolist()
        made = [self._finish(*row) for row in zip(requests, rows, limits, strict=True)]
        return [
            replace(one, chances=likeliest.of(row, one.tokens_out, self.tokenizer)) if requests[row].chances else one
            for row, one in enumerate(made)
        ]

    def _ended(self, ends: torch.Tensor) -> Callable[..., torch.Tensor]:
        """Which rows are at their limit: (batch,) booleans, all of them where the work was halted."""

        def reached(input_ids: torch.Tensor, scores: object, **_: object) -> torch.Tensor:
            return (input_ids.shape[1] >= ends) | self._halted.is_set()

        return reached

    def _finish(self, request: Request, drawn: list[int], limit: int) -> Generated:
        drawn = drawn[:limit]
        end = next((place for place, token in enumerate(drawn) if token in self.stop_ids), None)
        kept = drawn if end is None else drawn[:end]
        text: str = self.tokenizer.decode(kept, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        stop: Stop = "length" if end is None else "end of turn"
        return Generated(kept, text, stop, len(request.ids), len(kept) + (end is not None))


class _Draw:
    """A logits processor: temperature, top-k, top-p, then one draw per row from the row's own stream.

    Only the drawn token keeps a finite score, so the arg max that follows picks it. Temperature 0 leaves the scores.
    """

    def __init__(
        self, torch: Any, requests: Sequence[Request], limits: Sequence[int], width: int, device: torch.device
    ) -> None:
        self._torch, self._width = torch, width
        # One uniform number per token to come, all drawn up front: nothing another row does can shift them.
        draws = torch.zeros((len(requests), max(limits)), dtype=torch.float64)
        for row, request in enumerate(requests):
            stream = torch.Generator().manual_seed(request.seed)
            draws[row, : limits[row]] = torch.rand(limits[row], generator=stream, dtype=torch.float64)
        self._draws = draws.to(device)

        def column(values: Iterator[float]) -> Any:
            return torch.tensor(list(values), device=device)[:, None]

        ways = [request.sampling for request in requests]
        self._greedy = column(way.temperature == 0 for way in ways)
        self._temperature = column(way.temperature or 1.0 for way in ways)
        self._top_p = column(way.top_p for way in ways)
        self._top_k = column(way.top_k if way.top_k > 0 else 1 << 30 for way in ways)
        self._sorted = any(way.top_p < 1 or way.top_k > 0 for way in ways)
        self._all_greedy = all(way.temperature == 0 for way in ways)

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """(batch, vocabulary) scores in, the same shape out."""
        if self._all_greedy:
            return scores
        torch = self._torch
        step = input_ids.shape[1] - self._width
        chances = torch.softmax(scores.float() / self._temperature, dim=-1).double()
        names = None
        if self._sorted:
            chances, names = torch.sort(chances, dim=-1, descending=True, stable=True)
            rank = torch.arange(chances.shape[1], device=chances.device)[None, :]
            chances = chances.masked_fill(rank >= self._top_k, 0.0)
            before = chances.cumsum(dim=-1) - chances
            chances = chances.masked_fill((before >= self._top_p * chances.sum(dim=-1, keepdim=True)) & (rank > 0), 0.0)
        sums = chances.cumsum(dim=-1)
        place = torch.searchsorted(sums, self._draws[:, step : step + 1] * sums[:, -1:], right=True)
        place = place.clamp(max=chances.shape[1] - 1)
        token = place if names is None else names.gather(1, place)
        drawn = torch.full_like(scores, -torch.inf).scatter(1, token, 0.0)
        return torch.where(self._greedy, scores, drawn)


class _Likeliest:
    """A logits processor that changes nothing and keeps the likeliest candidates of the first tokens."""

    def __init__(self, torch: Any, width: int) -> None:
        self._torch, self._width = torch, width
        self._kept: list[tuple[list[list[float]], list[list[int]]]] = []

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """(batch, vocabulary) scores in, the same out."""
        if input_ids.shape[1] - self._width < CANDIDATE_TOKENS:
            chances = self._torch.softmax(scores.float(), dim=-1)
            best = self._torch.topk(chances, min(CANDIDATES, scores.shape[1]), dim=-1)
            self._kept.append((best.values.tolist(), best.indices.tolist()))
        return scores

    def of(self, row: int, tokens: int, tokenizer: Any) -> list[dict[str, float]]:
        """The candidates of a row's first tokens; those that the vocabulary writes alike are one."""
        found: list[dict[str, float]] = []
        for values, ids in self._kept[:tokens]:
            names = tokenizer.convert_ids_to_tokens(ids[row])
            summed: dict[str, float] = {}
            for name, value in zip(names, values[row], strict=True):
                summed[str(name)] = summed.get(str(name), 0.0) + value
            found.append(summed)
        return found


def context_of(config: Any) -> int:
    """Longest sequence the model's positions reach; unbounded where the model does not say."""
    text = config.get_text_config()
    return int(getattr(text, "max_position_embeddings", None) or 1 << 30)


def _torch(path: str | Path) -> Any:
    try:
        import torch
    except ImportError as error:
        mend = "pip install 'resolute[train]', or serve the model and name it openai-api/SERVICE/MODEL"
        raise ResoluteError("running a checkpoint in this process needs torch", where=str(path), mend=mend) from error
    return torch
