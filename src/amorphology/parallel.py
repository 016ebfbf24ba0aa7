"""How many things to do at a time."""

import os

__all__ = ["available_cores"]


def available_cores() -> int:
    """Count the processor cores that this process may use."""
    # Fewer than the machine has inside a Slurm job or a container; only Linux can tell.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
