"""Number of threads for linear algebra, as configured."""

from threadpoolctl import threadpool_limits


def use_threads(threads: int) -> None:
    """Set the number of threads of BLAS and OpenMP for this process.

    The number changes the order of sums and so the last bits of results. It is the configured
    number even on fewer cores, so that no result depends on ``--cores``.
    """
    threadpool_limits(threads)
