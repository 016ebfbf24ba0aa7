"""Persistence diagrams of a data set, computed by the workers of a Dask cluster.

On this machine, with two worker processes:

    python diagrams_with_dask.py "frames/*.extxyz" diagrams.zarr --workers 2

On a cluster that runs already, however it was started:

    python diagrams_with_dask.py "frames/*.extxyz" diagrams.zarr --scheduler tcp://node1:8786

Workers need amorphology, but neither the files nor the store: this process reads the one and
writes the other. It may be killed and started again; workers may come, go and die.
"""

import argparse
from collections.abc import Callable

import dask
from dask.distributed import Client, LocalCluster

from amorphology.store_writer import StoreSummary, write_diagrams


def diagrams_on(
    client: Client, frames: list[str], out: str, report: Callable[[str], None] = print
) -> StoreSummary:
    """Compute the diagrams of structure files on the workers of `client`."""
    threads = sum(client.nthreads().values())
    with client.get_executor(pure=False) as executor:
        return write_diagrams(
            frames, out, executor=executor, n_jobs=threads, on_error="skip", report=report
        )


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Persistence diagrams by a Dask cluster.")
    parser.add_argument("frames", nargs="+", help="structure files that ASE reads, or patterns")
    parser.add_argument("out", help="store to write or to continue")
    parser.add_argument("--workers", type=int, default=2, help="processes on this machine")
    parser.add_argument("--scheduler", help="address of a running Dask scheduler")
    arguments = parser.parse_args()
    # Dask keeps the last 1,000 messages to every worker, for debugging; here they hold frames.
    dask.config.set({"distributed.admin.low-level-log-length": 10})
    if arguments.scheduler:
        with Client(arguments.scheduler) as client:
            print(diagrams_on(client, arguments.frames, arguments.out))
    else:
        with (
            LocalCluster(n_workers=arguments.workers, threads_per_worker=1) as cluster,
            Client(cluster) as client,
        ):
            print(diagrams_on(client, arguments.frames, arguments.out))


if __name__ == "__main__":
    main()
