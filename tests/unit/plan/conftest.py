"""A run's configuration, with changes."""

import pytest

from support.places import ROOT
from voxplain.run.config import DEFAULTS, read_config


@pytest.fixture
def configured():
    """Return the default configuration with settings laid over it."""

    def configure(**changes):
        return read_config([ROOT / DEFAULTS], changes)

    return configure


@pytest.fixture
def of_table(configured):
    """Return the configuration of a user's table of participants below a folder."""

    def configure(root, table=(), **changes):
        settings = {"participants": "participants.tsv", "image": "images/{participant_id}.nii.gz"}
        cohort = {"layout": "table", "space": "MNI152", "table": settings | dict(table)}
        return configured(cohort_root=str(root), cohort=cohort, **changes)

    return configure
