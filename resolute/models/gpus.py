"""GPUs by name, and those of this machine: memory, speed, and whether they have bf16.

Peaks are dense (no sparsity) bf16 with fp32 sums, TFLOP/s, from NVIDIA's data sheets: H200 and H100 SXM 989, A100 312,
L40S 362, RTX 4090 165, RTX 3090 71; the T4 has no bf16, so its fp32 peak (8.1) stands. Memory is what CUDA reports, in
GiB, a little under what the card is sold with.
"""

from __future__ import annotations

from dataclasses import dataclass

from resolute.core.errors import ResoluteError

GIB = 2**30


@dataclass(frozen=True)
class Gpu:
    """One kind of GPU."""

    name: str
    memory: float
    """GiB a process can have."""
    peak: float
    """TFLOP/s of the arithmetic that training uses there; 0 where it is not known."""
    half: bool = True
    """Whether it has bf16."""


@dataclass(frozen=True)
class Gpus:
    """So many of one kind."""

    gpu: Gpu
    count: int

    def __str__(self) -> str:
        return f"{self.count} x {self.gpu.name} ({self.gpu.memory:.0f} GiB)"


KNOWN: dict[str, Gpu] = {
    gpu.name: gpu
    for gpu in (
        Gpu("H200", 139.8, 989),
        Gpu("H100", 79.1, 989),
        Gpu("A100-80", 79.1, 312),
        Gpu("A100-40", 39.4, 312),
        Gpu("L40S", 44.4, 362),
        Gpu("RTX 4090", 23.6, 165),
        Gpu("RTX 3090", 23.6, 71),
        Gpu("T4", 14.6, 8.1, half=False),
    )
}


def named(spec: str) -> Gpus:
    """`NAME` or `NAME:COUNT`, in any case and with or without spaces; an unknown name is a `ResoluteError`."""
    name, _, number = spec.partition(":")
    found = next((gpu for known, gpu in KNOWN.items() if _plain(known) == _plain(name)), None)
    if found is None or (number and not (number.isdigit() and int(number))):
        mend = f"NAME:COUNT with a name of: {', '.join(KNOWN)}"
        raise ResoluteError(f"no such GPU: {spec!r}", where="--gpu", mend=mend)
    return Gpus(found, int(number or 1))


def here() -> Gpus | None:
    """The GPUs torch sees, taken as equal to the one with the least memory; None without any."""
    import torch

    if not torch.cuda.is_available():
        return None
    count = torch.cuda.device_count()
    memory, place = min((torch.cuda.get_device_properties(place).total_memory, place) for place in range(count))
    least = torch.cuda.get_device_properties(place)
    name = str(least.name)
    alike = next((gpu for known, gpu in KNOWN.items() if _plain(known.partition("-")[0]) in _plain(name)), None)
    # Turing and older emulate bf16, which is slower than fp32.
    half = (int(least.major), int(least.minor)) >= (8, 0)
    return Gpus(Gpu(name, memory / GIB, alike.peak if alike else 0.0, half=half), count)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum()).removeprefix("rtx")
