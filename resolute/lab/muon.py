"""Muon, the optimizer of the lab's pretraining: momentum whose update is made orthogonal, for the weight matrices.

Keller Jordan's method (https://kellerjordan.github.io/posts/muon/), in float32 and batched over equal shapes, which on
one CPU core is far cheaper than one matrix at a time. Simpler alternative: AdamW on everything, at more steps.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

import torch

COEFFICIENTS: Final = (3.4445, -4.7750, 2.0315)
"""Of the quintic Newton-Schulz iteration that drives all singular values towards one."""


def orthogonalise(batch: torch.Tensor, *, steps: int = 5) -> torch.Tensor:
    """The nearest (roughly) orthogonal matrix to each of `batch`, shape (n, rows, columns)."""
    a, b, c = COEFFICIENTS
    tall = batch.size(1) > batch.size(2)
    x = batch.mT if tall else batch
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if tall else x


class Muon:
    """Steps matrices in place; `lr` is set by the caller before each step."""

    def __init__(self, matrices: Iterable[torch.nn.Parameter], *, lr: float, momentum: float = 0.95) -> None:
        self.lr = lr
        self.momentum = momentum
        self._groups: dict[torch.Size, list[torch.nn.Parameter]] = defaultdict(list)
        for matrix in matrices:
            self._groups[matrix.shape].append(matrix)
        self._velocity = {shape: torch.zeros(len(group), *shape) for shape, group in self._groups.items()}

    @torch.no_grad()
    def step(self) -> None:
        """One update from the gradients, which are cleared."""
        for shape, group in self._groups.items():
            gradient = torch.stack([p.grad if p.grad is not None else torch.zeros_like(p) for p in group])
            velocity = self._velocity[shape].mul_(self.momentum).add_(gradient)
            update = orthogonalise(gradient.add(velocity, alpha=self.momentum))
            scale = self.lr * max(1.0, shape[0] / shape[1]) ** 0.5
            for parameter, change in zip(group, update, strict=True):
                parameter.add_(change, alpha=-scale)
                parameter.grad = None
