"""Independent random streams from one seed, each with a name."""

import numpy as np


def stream_seed(seed: int, *names: str) -> int:
    """Return the seed of a named random stream.

    Streams with different names are independent, and adding one does not change the others.

    Parameters
    ----------
    seed : int
        The run's seed.
    *names : str
        Name of the stream, such as ``"training", "fold-03"``.
    """
    entropy = [seed, *"\0".join(names).encode()]
    return int(np.random.SeedSequence(entropy).generate_state(1)[0])
