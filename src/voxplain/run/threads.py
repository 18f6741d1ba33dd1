"""Number of threads for linear algebra."""

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController, threadpool_limits


def use_threads(threads: int) -> None:
    """Set the number of threads of BLAS and OpenMP for this process.

    The number changes the order of sums and so the last bits of results. It is the configured
    number even on fewer cores, so that no result depends on ``--cores``.
    """
    threadpool_limits(threads)


def one_blas_thread() -> AbstractContextManager[object]:
    """Return a context with one BLAS thread: for products so small that waking others costs more.

    Of calls that overlap in several Python threads, only those of one thread change the number,
    and it is restored (threadpoolctl 3.8); the others are slower and as right.

    Examples
    --------
    >>> import numpy as np
    >>> with one_blas_thread():
    ...     product = np.ones((2, 3)) @ np.ones((3, 2))
    """
    limited: AbstractContextManager[object] = _libraries().limit(limits=1, user_api="blas")
    return limited


@cache
def _libraries() -> ThreadpoolController:
    """Return the libraries loaded so far, NumPy's BLAS among them; finding them takes 20 ms."""
    return ThreadpoolController()
