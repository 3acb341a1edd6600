"""The order rows are trained in: shuffled once an epoch, sorted by length only within an optimizer step.

Sorting within a step saves padding in the parts a step is accumulated from, and leaves its gradient as it is. Torch's
data loaders take it as a sampler.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from resolute.core.keys import derive


class StepOrder:
    """Indices of rows, epoch by epoch; every optimizer step takes `step` of them, the last of an epoch the rest.

    With several processes each must take part in every forward pass: the last step of an epoch is filled up to a
    multiple of `together` with the index behind the last row, which stands for an empty row.
    """

    def __init__(self, lengths: Sequence[int], *, step: int, seed: int, together: int = 1) -> None:
        self.lengths, self.step, self.seed, self.together, self.epoch = list(lengths), step, seed, together, 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths) + -len(self.lengths) % self.together

    def __iter__(self) -> Iterator[int]:
        order = list(range(len(self.lengths)))
        random.Random(derive(self.seed, "order", self.epoch)).shuffle(order)
        for start in range(0, len(order), self.step):
            yield from sorted(order[start : start + self.step], key=lambda row: -self.lengths[row])
        yield from [len(self.lengths)] * (len(self) - len(self.lengths))
