"""How a row of a batch draws its tokens: from its own random stream, by its own sampling."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from resolute.core.ask import Sampling

if TYPE_CHECKING:
    import torch

CANDIDATES, CANDIDATE_TOKENS = 10, 8
"""Likeliest tokens that are kept for a place, and places from the first on, where a request asks for its chances."""


@dataclass(frozen=True)
class Request:
    """Token ids of a rendered prompt (its BOS included), how to draw, and the seed of this request alone."""

    ids: Sequence[int]
    sampling: Sampling
    seed: int
    chances: bool = False
    """Keep the likeliest candidates of the first tokens."""


class Draw:
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

    def of(self, rows: Sequence[int]) -> Draw:
        """The same for these rows alone."""
        part = copy.copy(self)
        part._draws, part._greedy, part._temperature = self._draws[rows], self._greedy[rows], self._temperature[rows]
        part._top_p, part._top_k = self._top_p[rows], self._top_k[rows]
        return part

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


class Likeliest:
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
