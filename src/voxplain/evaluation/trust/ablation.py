"""How much the maps of Meaningful Perturbations depend on each of its settings.

One setting changes at a time, the others stay as in the run. Every value is scored on the same
participants by a measure that does not depend on the settings: where effects were planted, the area
under the ROC curve against the truth; elsewhere, the fall of the target's probability when the
highest share of the brain is blurred.
"""

import pandas as pd

PAPER = "paper"  # all settings as the paper has them, at once
# A value is off the plateau if it is behind the best by more than both of these: what matters, and
# what a handful of participants can tell.
MATTERS = 0.02
ERRORS = 2  # standard errors of the paired difference


def ablation_table(rows: pd.DataFrame, score: str) -> pd.DataFrame:
    """Average over participants and compare each value with the setting's best.

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns knob, value (missing for `PAPER`), own, paper (bool: the run's, the paper's value),
        participant
        and the measures area, drop (of the target's probability under the own mask), converged,
        fall (of that probability by blurring the highest share of the brain) and, where effects
        were planted, auc.
    score : str
        The measure that settings are judged by: auc or fall.

    Returns
    -------
    pandas.DataFrame
        One row per knob and value: own, paper, participants, the mean of each measure, score_se
        (standard error over participants), behind and behind_se: mean and standard error of the
        paired difference to the knob's best value; for `PAPER` to the run's own settings.
    """
    measures = [name for name in ("area", "drop", "converged", "fall", "auc") if name in rows]
    of_run = rows[rows["own"]].groupby("participant")[score].mean()
    out = []
    for knob, part in rows.groupby("knob", sort=False):
        best = of_run if knob == PAPER else _best(part, score)
        for value, trial in part.groupby("value", dropna=False):
            scores = trial.set_index("participant")[score]
            difference = best - scores
            out.append(
                {
                    "knob": knob,
                    "value": value,
                    "own": trial["own"].iloc[0],
                    "paper": trial["paper"].iloc[0],
                    "participants": len(trial),
                    **trial[measures].mean(),
                    "score_se": scores.sem(),
                    "behind": difference.mean(),
                    "behind_se": difference.sem(),
                }
            )
    return pd.DataFrame(out)


def _best(part: pd.DataFrame, score: str) -> pd.Series:
    """Score per participant at the value whose mean is highest."""
    scores = part.pivot_table(index="participant", columns="value", values=score)
    return scores[scores.mean().idxmax()]


def on_plateau(rows: pd.DataFrame) -> pd.Series:
    """Return which rows of `ablation_table` are not notably behind the best: one bool per row."""
    return rows["behind"] <= (ERRORS * rows["behind_se"]).clip(lower=MATTERS)


def verdicts(table: pd.DataFrame, score: str) -> list[str]:
    """Say of each setting whether the paper's and the run's values are on the plateau.

    Parameters
    ----------
    table : pandas.DataFrame
        From `ablation_table`.
    score : str
        As there.

    Returns
    -------
    list of str
        One sentence per knob.
    """
    table = table.assign(level=on_plateau(table).map({True: "on", False: "below"}))
    sentences = []
    for knob, part in table[table["knob"] != PAPER].groupby("knob", sort=False):
        best = part.loc[part[score].idxmax()]
        words = [
            f"{origin} {row['value']:g} is {row['level']} the plateau ({row[score]:.3f})"
            for origin, row in (
                ("the paper's", part[part["paper"]].iloc[0]),
                ("this run's", part[part["own"]].iloc[0]),
            )
        ]
        sentences.append(
            f"{knob}: {words[0]}, {words[1]}; best {best['value']:g} ({best[score]:.3f})."
        )
    for _, row in table[table["knob"] == PAPER].iterrows():
        same = f"no worse than this run's by more than counts ({row[score]:.3f}"
        worse = f"worse than this run's ({row[score]:.3f}"
        sentences.append(
            f"All settings as in the paper: {same if row['level'] == 'on' else worse}; this run's "
            f"minus that {row['behind']:+.3f} ± {row['behind_se']:.3f})."
        )
    return sentences
