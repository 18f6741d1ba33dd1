"""How many threads linear algebra takes: as many as the configuration says."""

from threadpoolctl import threadpool_limits


def use_threads(threads: int) -> None:
    """Let BLAS and OpenMP compute on this many threads from now on.

    The number changes the order of sums, hence the bits. Snakemake sets it to at most ``--cores``,
    on which no result may depend; threads beyond the cores cost time and nothing else.
    """
    threadpool_limits(threads)
