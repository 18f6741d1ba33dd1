"""A page with three slices of every participant, outliers first, to look through."""

import base64

import numpy as np
import pandas as pd

from voxplain.cohort.quality import by_severity
from voxplain.figures.quality import middle, slices_png
from voxplain.figures.style import position
from voxplain.report.template import fill

_PER_SHEET = 100  # participants that unfold together, to keep large cohorts readable


def quality_page(run: str, quality: pd.DataFrame, volumes: np.ndarray, affine: np.ndarray) -> str:
    """Render the page; it is self-contained, as the report is.

    Parameters
    ----------
    run : str
        Name of the run.
    quality : pandas.DataFrame
        From `voxplain.cohort.quality.finish`.
    volumes : (n, X, Y, Z) array
        The images, in the order of `quality`.
    affine : (4, 4) array
        Voxel to world, mm.

    Returns
    -------
    str
        The HTML page. A participant takes about 6 kB of it at 58 x 70 x 58 voxels.
    """
    people = [
        {
            "name": row.participant_id,
            "text": f"r = {row.correlation:.2f}, {row.foreground_ml:.0f} ml",
            "reason": row.reason,
            "data": base64.b64encode(slices_png(volumes[row.row], affine)).decode("ascii"),
        }
        for row in by_severity(quality.assign(row=range(len(quality)))).itertuples()
    ]
    outliers = [person for person in people if person["reason"]]
    rest = [person for person in people if not person["reason"]]
    sheets = [rest[start : start + _PER_SHEET] for start in range(0, len(rest), _PER_SHEET)]
    places = ", ".join(
        position(axis[0], place) for axis, place in middle(volumes[0].shape, affine).items()
    )
    return fill(
        "quality.html",
        "quality.css",
        run=run,
        n=len(people),
        places=places,
        outliers=outliers,
        sheets=sheets,
    )
