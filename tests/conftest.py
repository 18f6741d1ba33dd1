"""What all tests share."""

import gc


def pytest_collection_finish():
    """Nilearn and statsmodels collect garbage at each call: let them skip all that was imported."""
    gc.collect()
    gc.freeze()
