"""One seed, many independent random streams, each found by its name."""

import numpy as np


def stream_seed(seed: int, *names: str) -> int:
    """Return the seed of a named stream, such as ``stream_seed(42, "training", "fold-03")``.

    Streams of different names are independent, and adding one leaves the others as they were.
    """
    entropy = [seed, *"\0".join(names).encode()]
    return int(np.random.SeedSequence(entropy).generate_state(1)[0])
