import gc

import pytest

from voxplain.figures import style


@pytest.fixture(autouse=True)
def _drawn_fast(monkeypatch):
    """Save coarse pictures; nilearn collects garbage a dozen times per figure, most of its time."""
    monkeypatch.setattr(style, "DPI", 40)
    monkeypatch.setattr(gc, "collect", lambda *_: 0)
