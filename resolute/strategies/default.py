"""Default: the teacher is asked the prompt and nothing else."""

from resolute.core.parts import Strategy

STRATEGY = Strategy("default", tokens=566)
