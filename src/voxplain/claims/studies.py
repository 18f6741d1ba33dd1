"""Claims that are tested on request: `snakemake grids`, `snakemake ablation`."""

import numpy as np
import pandas as pd

from voxplain.claims.verdicts import (
    NEAR_CHANCE,
    NOT_TESTED,
    Claim,
    above,
    judged,
    statement,
    together,
)
from voxplain.evaluation.trust.ablation import ERRORS, MATTERS, on_plateau


def compression(grids: pd.DataFrame | None) -> Claim:
    """Check whether the network's lead over the SVM grows on a finer grid.

    Both models must be above chance on the coarsest and the finest grid.
    """
    title = "Compression to small images explains the similar accuracy of network and SVM"
    if grids is None:
        return Claim(title, "5", "supposed", verdict=f"{NOT_TESTED}: snakemake grids")
    ends = grids.sort_values("voxel_mm", ascending=False).iloc[[0, -1]]
    finest = ends.iloc[-1]
    known = bool(ends[["cnn_evidence", "voxel_svm_evidence"]].all(axis=None))
    leads = ", ".join(f"{row.grid} {row.lead:+.2f}" for row in grids.itertuples())
    return Claim(
        title,
        "5",
        "supposed",
        ours=f"lead of the network over the SVM: {leads}",
        uncertainty=f"gain from the coarsest to the finest grid {finest['gain']:+.2f}, 95 % CI "
        f"{finest['gain_low']:+.2f} to {finest['gain_high']:+.2f} (bootstrap of families)",
        chance="0",
        source="grids",
        verdict=statement(above(finest["gain_low"], finest["gain_high"])) if known else NEAR_CHANCE,
    )


def settings(ablation: pd.DataFrame | None, evidence: bool) -> Claim:
    """Check whether the paper's settings lie on the plateau of every knob.

    The rule is that of `voxplain.evaluation.trust.ablation.on_plateau`. The claim is supported only
    if the settings are also shown to be close to the best value, and undecided otherwise.

    Parameters
    ----------
    ablation : pandas.DataFrame or None
    evidence : bool
        Whether the network is above chance.
    """
    title = "The paper's settings of Meaningful Perturbations, found by ablation, are good ones"
    if ablation is None:
        return Claim(title, "3.3", "stated", verdict=f"{NOT_TESTED}: snakemake ablation")
    theirs = ablation[ablation["paper"] & ablation["value"].notna()]
    on = on_plateau(theirs)
    below = theirs.loc[~on, "knob"]
    close = theirs["behind"] + ERRORS * theirs["behind_se"].fillna(np.inf) <= MATTERS
    return Claim(
        title,
        "3.3",
        "stated",
        ours=f"{int(on.sum())} of {len(theirs)} settings on the plateau"
        + (f"; below it: {', '.join(below)}" if len(below) else ""),
        uncertainty=f"behind the best value by no more than {MATTERS:g} or {ERRORS} standard "
        "errors of the paired difference",
        source="ablation",
        verdict=judged(together(below.empty, close.all() or None), evidence),
    )
