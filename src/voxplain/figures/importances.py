"""Figure 1: which morphometric features the logistic regression weighs most."""

import pandas as pd
from matplotlib.figure import Figure

from voxplain.figures import style


@style.styled
def importances(
    coefficients: pd.DataFrame | None, class_names: tuple[str, str], top: int = 20
) -> Figure:
    """Draw the largest logistic-regression coefficients (Kan 2020, Fig. 1).

    The paper shows the absolute value of one fit on all participants. Here each bar is the mean
    over folds with its sign, and the whisker is one standard deviation over folds, so that an
    unstable coefficient can be seen to be so; points are the folds.

    Parameters
    ----------
    coefficients : pandas.DataFrame or None
        Columns feature, fold, coefficient (per standard deviation of the feature, log-odds of the
        positive class). None: the cohort has no morphometry, the figure says so.
    class_names : (str, str)
        Names of the negative and the positive class.
    top : int
        How many features to show.
    """
    if coefficients is None or coefficients.empty:
        return style.note(
            "Figure 1 cannot be drawn: this cohort has no morphometry table,\n"
            "so no logistic regression on morphometric features was fitted."
        )
    from seaborn import stripplot  # only for jobs that draw

    spread = coefficients.groupby("feature")["coefficient"].agg(["mean", "std"]).fillna(0.0)
    order = spread["mean"].abs().sort_values(kind="stable", ascending=False).index[:top]
    shown = spread.loc[order[::-1]]
    negative, positive = class_names

    figure = style.new_figure(16 + 5.0 * len(shown), layout="constrained")
    axes = figure.add_subplot()
    axes.barh(
        range(len(shown)),
        shown["mean"],
        xerr=shown["std"],
        color=[style.POSITIVE if mean > 0 else style.NEGATIVE for mean in shown["mean"]],
        error_kw={"elinewidth": 0.8, "capsize": 1.5, "ecolor": style.INK},
        height=0.72,
    )
    place = {feature: k for k, feature in enumerate(shown.index)}
    folds = coefficients[coefficients["feature"].isin(place)]
    stripplot(
        x=folds["coefficient"], y=folds["feature"].map(place) + 0.22, orient="h", native_scale=True,
        ax=axes, color=style.INK, size=2, alpha=0.6, jitter=False, legend=False,
    )  # fmt: skip
    axes.set_yticks(range(len(shown)), shown.index)
    axes.set_ylabel("")
    axes.set_ylim(-0.7, len(shown) - 0.3)
    axes.axvline(0, color=style.INK, linewidth=0.6)
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(
        f"coefficient per standard deviation (log-odds; left: {negative}, right: {positive})"
    )
    n_folds = coefficients["fold"].nunique()
    axes.set_title(
        f"{len(shown)} largest of {len(spread)} coefficients, "
        f"mean ± sd over {n_folds} folds (points)"
    )
    return figure
