"""Memory of a forward and backward pass, counted on fake tensors, which have shapes and types but no storage.

Torch is imported where used. What is counted is every storage an operation makes, from its making until it is freed;
weights are not, and gradients of weights are freed as soon as they stand.
"""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable, Iterator
from typing import Any


class Live:
    """Bytes alive now, and at the most."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self._sizes: dict[int, int] = {}

    def known(self, tensor: Any) -> None:
        """A tensor that is not counted."""
        self._sizes[tensor.untyped_storage()._cdata] = 0

    def made(self, tensor: Any) -> None:
        storage = tensor.untyped_storage()
        if storage._cdata in self._sizes:
            return
        size = storage.nbytes()
        self._sizes[storage._cdata] = size
        self.now += size
        self.most = max(self.most, self.now)
        weakref.finalize(storage, self._freed, storage._cdata, size)

    def _freed(self, name: int, size: int) -> None:
        if self._sizes.pop(name, None) is not None:
            self.now -= size


def traced(model: Any, inner: Callable[[Any], Any], *, batch: int, length: int, half: bool) -> tuple[int, int]:
    """Bytes alive at the end of the forward pass, and at the most, of forward and backward over `batch` x `length`
    tokens through the part of `model` that `inner` gives. The model stands on torch's `meta` device."""
    import torch
    from torch._subclasses.fake_tensor import FakeTensorMode

    live = Live()
    with FakeTensorMode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for tensor in _stand(model):
            live.known(tensor)
            if tensor.requires_grad:
                tensor.register_post_accumulate_grad_hook(_drop)
        ids = torch.zeros(batch, length, dtype=torch.long)
        mask = torch.ones(batch, length, dtype=torch.long)
        with _counting(live):
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                out = inner(model)(input_ids=ids, attention_mask=mask, use_cache=False)[0]
                forward = live.now
            out.float().sum().backward()
    return forward, live.most


def _stand(model: Any) -> Iterator[Any]:
    """Put fake tensors on the CPU in the place of all weights and buffers; tied ones stay one."""
    import torch

    made: dict[int, Any] = {}
    for module in model.modules():
        for held in (module._parameters, module._buffers):
            for name, tensor in held.items():
                if tensor is None:
                    continue
                if id(tensor) not in made:
                    fake: Any = torch.empty(tensor.shape, dtype=tensor.dtype)
                    if isinstance(tensor, torch.nn.Parameter):
                        fake = torch.nn.Parameter(fake, requires_grad=tensor.requires_grad)
                    made[id(tensor)] = (fake, tensor)  # the key stays alive with it
                    yield fake
                held[name] = made[id(tensor)][0]


def _drop(weight: Any) -> None:
    weight.grad = None


def _counting(live: Live) -> Any:
    from torch import Tensor
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves

    class Counting(TorchDispatchMode):
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            out = func(*args, **(kwargs or {}))
            for leaf in tree_leaves(out):
                if isinstance(leaf, Tensor):
                    live.made(leaf)
            return out

    return Counting()
