"""FSDP2 (torch's `fully_shard`) where asked for, proved by the class of the model and never replaced in silence.

accelerate turns FSDP on CPUs into plain data parallelism without a word, so here it is told to shard there too. Torch
is imported when this module is loaded.
"""

from __future__ import annotations

import os
from typing import Any

from accelerate.utils import DistributedType, FullyShardedDataParallelPlugin
from torch.distributed.fsdp import FSDPModule

from resolute.core.errors import ResoluteError
from resolute.core.settings import Train


def shard_on_cpu(trainer: Any) -> None:
    """Make accelerate shard the model of processes without GPUs, where its launcher asked for FSDP."""
    state = trainer.accelerator.state
    if state.distributed_type is not DistributedType.MULTI_CPU or os.environ.get("ACCELERATE_USE_FSDP") != "true":
        return
    state.distributed_type = DistributedType.FSDP
    state.fsdp_plugin = FullyShardedDataParallelPlugin(fsdp_version=2, cpu_ram_efficient_loading=False)
    trainer.is_fsdp_enabled = True


def require_shards(trainer: Any, settings: Train) -> None:
    """Raise `ResoluteError` where sharding was asked for and the trained model is not sharded."""
    if settings.launch == "fsdp" and not isinstance(trainer.model_wrapped, FSDPModule):
        found = type(trainer.model_wrapped).__name__
        mend = "use train.launch: ddp, or report this with your versions of torch and accelerate"
        raise ResoluteError(
            f"FSDP was asked for, but the model was trained as {found}", where="train.launch", mend=mend
        )
