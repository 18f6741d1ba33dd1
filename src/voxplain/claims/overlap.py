"""Claims about the methods' overlap: Table 3, its thresholds and what is concluded from it."""

from itertools import combinations
from typing import Any

import pandas as pd

from voxplain import paper
from voxplain.claims.verdicts import (
    AT_CHANCE,
    BY_ITS_OWN_NUMBERS,
    EMPTY_MASK,
    MISSING,
    NEAR_CHANCE,
    Claim,
    above,
    judged,
    statement,
    together,
)
from voxplain.evaluation.maps.overlap import disjoint_sizes
from voxplain.names import method_name
from voxplain.stats.over_folds import ALPHA

# Table 3 has no intervals; numbers this close count as equal
AGREEMENT_TOLERANCE = 0.02
# Dice of similar masks: more than half of each is shared
SIMILAR = 0.5


def overlap_claims(
    table3: pd.DataFrame | None, agreement: pd.DataFrame | None, evidence: bool
) -> list[Claim]:
    """Compare the agreement with Table 3, and check what the paper concludes from it.

    Parameters
    ----------
    table3, agreement : pandas.DataFrame or None
        The run's tables.
    evidence : bool
        Whether the network is above chance.
    """
    return [
        _thresholds(table3, evidence),
        *_agreement_numbers(table3, evidence),
        _numbers_show_overlap(),
        _similar_patterns(table3, agreement, evidence),
    ]


def _thresholds(table3: pd.DataFrame | None, evidence: bool) -> Claim:
    """Check whether the paper's thresholds leave masks in the brain at all."""
    title = "Thresholds of 0.65, 0.65 and 0.04 turn the maps into comparable masks"
    stated = ", ".join(f"{method_name(name)} {t}" for name, t in paper.THRESHOLDS.items())
    if table3 is None:
        return Claim(title, "4.5", stated)
    sizes: dict[str, int] = {}
    for row in table3.itertuples():
        sizes |= {row.method_a: row.voxels_a, row.method_b: row.voxels_b}
    sizes = {name: size for name, size in sizes.items() if name in paper.THRESHOLDS}
    largest, smallest = max(sizes.values(), default=0), min(sizes.values(), default=0)
    return Claim(
        title,
        "4.5",
        stated,
        "; ".join(f"{method_name(name)} {size:g} voxels" for name, size in sizes.items()),
        f"the largest mask has {largest / smallest:.1f} times as many voxels as the smallest"
        if smallest
        else "a mask is empty",
        source="table3",
        # comparable: Dice of masks whose sizes differ by more than a factor of 3 is below .5
        verdict=statement(0 < largest <= 3 * smallest) if evidence else NEAR_CHANCE,
    )


def _verdict(row: Any) -> str:
    """Judge one row of Table 3; independent masks must not reach the same number."""
    if pd.isna(row.dice_threshold):
        return EMPTY_MASK
    if abs(row.agreement - row.paper) > AGREEMENT_TOLERANCE:
        return "differs"
    at_chance = abs(row.agreement - row.agreement_chance) <= AGREEMENT_TOLERANCE
    return f"reproduced, {AT_CHANCE}" if at_chance else "reproduced"


def _agreement_numbers(table3: pd.DataFrame | None, evidence: bool) -> list[Claim]:
    if table3 is None:
        return [Claim("Table 3: DICE between methods", "4.5, Table 3", "0.94, 0.94, 0.93")]
    return [
        Claim(
            f'"DICE" (agreement) of {method_name(row.method_a)} and {method_name(row.method_b)}',
            "4.5, Table 3",
            f"{row.paper:.2f}",
            f"agreement {row.agreement:.2f}",
            f"true Dice {row.dice_threshold:.2f} at the paper's thresholds"
            if pd.notna(row.dice_threshold)
            else "no true Dice, because a mask is empty",
            f"counted as equal within ± {AGREEMENT_TOLERANCE}",
            f"agreement of two masks of these sizes: {row.agreement_chance:.2f} if independent, "
            f"{row.agreement_disjoint:.2f} if they share no voxel; Dice if independent "
            f"{row.dice_threshold_chance:.2f}",
            "table3",
            _verdict(row) if evidence else NEAR_CHANCE,
        )
        for row in table3.itertuples()
        if pd.notna(row.paper)
    ]


def _numbers_show_overlap() -> Claim:
    numbers, masks, sizes = disjoint_masks()
    return Claim(
        "Table 3's numbers show that the methods' masks overlap",
        "4.5, Table 3",
        numbers,
        MISSING,
        "three masks that share no voxel have these agreements if their shares of the box are "
        f"{masks}",
        chance="Dice of these masks: 0",
        verdict=BY_ITS_OWN_NUMBERS if min(sizes) >= 0 else statement(True),
    )


def disjoint_masks() -> tuple[str, str, tuple[float, ...]]:
    """Solve Table 3 for three masks that share no voxel: no run is needed for that.

    Returns
    -------
    numbers, masks : str
        The paper's agreements, and each method with its mask's share of the box, as text.
    sizes : tuple of float
        These shares; one below 0 means that there are no such masks.
    """
    methods = list(paper.THRESHOLDS)
    numbers = [paper.TABLE3[frozenset(pair)] for pair in combinations(methods, 2)]
    first, second, third = numbers
    sizes = disjoint_sizes((first, second, third))
    masks = ", ".join(
        f"{method_name(name)} {size:.1%}" for name, size in zip(methods, sizes, strict=True)
    )
    return ", ".join(f"{number:.2f}" for number in numbers), masks, sizes


def _similar_patterns(
    table3: pd.DataFrame | None, agreement: pd.DataFrame | None, evidence: bool
) -> Claim:
    """Judge every pair: above smooth random masks, and participants' Dice above `SIMILAR`.

    The Dice of group maps has no interval, so a low one alone does not decide.
    """
    title = "High overlap: all three methods reveal similar patterns"
    if table3 is None:
        return Claim(title, "6", "concluded from Table 3")
    dice = table3["dice_equal_area"]
    exceeding = int((table3["p_null"] < ALPHA).sum())
    ours = f"true Dice of group maps at equal area {dice.min():.2f} to {dice.max():.2f}"
    similar = [exceeding == len(table3) or None, dice.min() > SIMILAR or None]
    uncertainty = f"{exceeding} of {len(table3)} pairs exceed smooth random masks (p < 0.05)"
    if agreement is not None:
        people = agreement[agreement["level"] == "participant"]
        area = people["area"].iloc[(people["area"] - 0.1).abs().argmin()]
        people = people[people["area"] == area]
        ours += f"; of participants' maps {people['dice'].min():.2f} to {people['dice'].max():.2f}"
        ours += f" ({area:.0%})"
        similar += [above(row.dice_low, row.dice_high, SIMILAR) for row in people.itertuples()]
        ends = ", ".join(
            f"{row.dice_low:.2f} to {row.dice_high:.2f}" for row in people.itertuples()
        )
        uncertainty += f"; participants' Dice, 95 % CI over folds {ends}"
    return Claim(
        title,
        "6",
        "concluded from Table 3",
        f"agreement {table3['agreement'].min():.2f} to {table3['agreement'].max():.2f}",
        ours,
        uncertainty,
        f"{table3['chance'].mean():.2f}; smooth random masks up to {table3['null_p95'].max():.2f}",
        "table3, agreement",
        judged(together(*similar), evidence),
    )
