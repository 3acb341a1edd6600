"""Text from any Hugging Face causal language model in this process; no Inspect in it.

Requests are sorted by length, left-padded and run in batches. Each row draws from its own random stream, made from its
own seed alone, so that batching, order and resume change no byte. This rests on fp32 logits that do not depend on the
batch to more than rounding (measured on CPU); in bf16 on a GPU a near tie can still fall the other way.
"""

from __future__ import annotations

import gc
import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from resolute.core.errors import ResoluteError
from resolute.models.drawing import Draw, Likeliest, Request

if TYPE_CHECKING:
    import torch

BATCH = 64
"""Rows of a forward pass."""
LEAVING = 0.125
"""Share of a batch that has to have ended before its rows are taken out."""

Stop = Literal["end of turn", "length", "prompt too long"]


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
        self._halted, self._may_leave = threading.Event(), True
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
        """Rows that have ended leave the batch while the others go on: a long row is computed with few beside it."""
        torch, width = self._torch, max(len(request.ids) for request in requests)
        limits = [min(request.sampling.max_tokens, self.context - len(request.ids)) for request in requests]
        ids = torch.full((len(requests), width), self.stop_ids[0], dtype=torch.long)
        mask = torch.zeros((len(requests), width), dtype=torch.long)
        for row, request in enumerate(requests):
            ids[row, width - len(request.ids) :] = torch.tensor(request.ids, dtype=torch.long)
            mask[row, width - len(request.ids) :] = 1
        ids, mask = ids.to(self.device), mask.to(self.device)
        draw = Draw(torch, requests, limits, width, self.device)
        ends = torch.tensor(limits, device=self.device) + width
        likeliest = Likeliest(torch, width) if any(request.chances for request in requests) else None
        rows, drawn, cache = list(range(len(requests))), dict[int, list[int]](), None
        while rows:
            # What is kept of the first tokens is kept by place in the batch, so there everybody stays.
            stay = likeliest is not None or not self._may_leave
            patience = len(rows) if stay else math.ceil(LEAVING * len(rows))
            ended = _Ended(torch, self.stop_ids, ends[rows], patience, self._halted)
            ids, cache = self._go_on(ids, mask, cache, [*([likeliest] if likeliest else []), draw.of(rows)], ended)
            for place, row in enumerate(rows):
                if ended.rows[place]:
                    drawn[row] = ids[place, width:].tolist()
            left = [place for place in range(len(rows)) if not ended.rows[place]]
            rows = [rows[place] for place in left]
            if rows and not _separable(cache):
                self._may_leave = False  # so once more, together
                return self._run(requests)
            if rows:
                ids, mask = ids[left], torch.nn.functional.pad(mask, (0, ids.shape[1] - mask.shape[1]), value=1)[left]
                cache.batch_select_indices(torch.tensor(left, device=self.device))
        made = [self._finish(*row) for row in zip(requests, (drawn[row] for row in sorted(drawn)), limits, strict=True)]
        if likeliest is None:
            return made
        return [
            replace(one, chances=likeliest.of(row, one.tokens_out, self.tokenizer)) if requests[row].chances else one
            for row, one in enumerate(made)
        ]

    def _go_on(
        self, ids: torch.Tensor, mask: torch.Tensor, cache: Any, processors: Sequence[Any], ended: _Ended
    ) -> tuple[torch.Tensor, Any]:
        """Token ids (rows, tokens so far) with what was drawn until `ended` stopped it, and the keys and values."""
        from transformers import GenerationConfig, LogitsProcessorList, StoppingCriteriaList

        config = GenerationConfig(
            do_sample=False,
            max_new_tokens=int(ended.ends.max()) - ids.shape[1],
            pad_token_id=self.stop_ids[0],
            eos_token_id=list(self.stop_ids),
            return_dict_in_generate=True,
        )
        with self._torch.inference_mode():
            output = self.model.generate(
                input_ids=ids,
                attention_mask=mask,
                past_key_values=cache,
                generation_config=config,
                logits_processor=LogitsProcessorList(processors),
                stopping_criteria=StoppingCriteriaList([ended]),
            )
        return output.sequences, output.past_key_values

    def _finish(self, request: Request, drawn: list[int], limit: int) -> Generated:
        drawn = drawn[:limit]
        end = next((place for place, token in enumerate(drawn) if token in self.stop_ids), None)
        kept = drawn if end is None else drawn[:end]
        text: str = self.tokenizer.decode(kept, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        stop: Stop = "length" if end is None else "end of turn"
        return Generated(kept, text, stop, len(request.ids), len(kept) + (end is not None))


class _Ended:
    """A stopping criterion: rows at a stop token or their limit; all, once so many have ended or the work is halted."""

    def __init__(
        self, torch: Any, stop_ids: Sequence[int], ends: torch.Tensor, patience: int, halted: threading.Event
    ) -> None:
        self.ends, self.rows = ends, torch.zeros(len(ends), dtype=torch.bool, device=ends.device)
        self._torch, self._patience, self._halted = torch, patience, halted
        self._stops = torch.tensor(stop_ids, device=ends.device)

    def __call__(self, input_ids: torch.Tensor, scores: object, **_: object) -> torch.Tensor:
        """(batch,) booleans."""
        self.rows |= self._torch.isin(input_ids[:, -1], self._stops) | (input_ids.shape[1] >= self.ends)
        if self._halted.is_set():
            self.rows |= True
        return self.rows | (self.rows.sum() >= self._patience)


def _separable(cache: Any) -> bool:
    """Whether rows can be taken out of what a model keeps: of keys and values, not of the states of linear attention,
    which transformers leaves as they are."""
    from transformers.cache_utils import DynamicLayer, LinearAttentionCacheLayerMixin

    layers = getattr(cache, "layers", [None])
    return all(isinstance(one, DynamicLayer) and not isinstance(one, LinearAttentionCacheLayerMixin) for one in layers)


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
