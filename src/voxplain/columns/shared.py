"""Columns that mean the same in most tables."""

from voxplain.columns.entry import Column

SHARED = {
    # What a row is about
    "participant_id": Column("participant", "Identifier of the participant."),
    "class_name": Column("class", "Name of the class."),
    "fold": Column("fold", "Fold whose test participants the row is about."),
    "model": Column("model", "Model."),
    "model_a": Column("model a", "First model of the pair."),
    "model_b": Column("model b", "Second model of the pair."),
    "method": Column("method", "Attribution method or control map."),
    "method_a": Column("method a", "First method of the pair."),
    "method_b": Column("method b", "Second method of the pair."),
    "region": Column("region", "Name of the region."),
    "atlas": Column("atlas", "Atlas that has the region."),
    "feature": Column("feature", "Name of the morphometric feature."),
    "participants": Column("participants", "Number of participants."),
    "n": Column("n", "Number of participants."),
    "n_folds": Column("folds", "Number of folds."),
    "folds": Column("folds", "Number of folds."),
    "features": Column("features", "Number of features."),
    "site": Column("site", "Scanner or site."),
    # Accuracy
    "accuracy": Column("accuracy", "Share of participants whose class is predicted correctly."),
    "accuracy_mean": Column("accuracy, mean of folds", "Mean accuracy over folds."),
    "accuracy_sd": Column("sd of folds", "Standard deviation of the accuracy over folds."),
    "balanced_accuracy": Column("balanced accuracy", "Mean of the two classes' recalls."),
    "auc": Column("AUC", "Area under the ROC curve."),
    "auc_low": Column("AUC 95 % CI, low", "Lower end of the 95 % interval of the AUC."),
    "auc_high": Column("AUC 95 % CI, high", "Upper end of the 95 % interval of the AUC."),
    "majority": Column("larger class", "Accuracy of always predicting the larger class."),
    "evidence": Column("above chance", "Whether the accuracy is above chance."),
    "boot_low": Column(
        "bootstrap by family 95 %, low", "Lower end of the 95 % interval, families resampled."
    ),
    "boot_high": Column(
        "bootstrap by family 95 %, high", "Upper end of the 95 % interval, families resampled."
    ),
    "ci_low": Column("95 % CI, low", "Lower end of the 95 % interval."),
    "ci_high": Column("95 % CI, high", "Upper end of the 95 % interval."),
    "difference": Column("difference of accuracy", "Accuracy of the first minus the second."),
    "paper": Column("Kan et al.", "The paper's value."),
    "paper_mean": Column("Kan et al.", "The paper's mean over folds."),
    "paper_sd": Column("their sd", "The paper's standard deviation over folds."),
    # Tests
    "p": Column("p", "p value."),
    "p_permutation": Column("p (permutation)", "p of the accuracy against permuted labels."),
    "p_difference": Column("p (difference)", "p of the difference between the classes."),
    "p_holm": Column("p (Holm)", "p, corrected by Holm's method."),
    "p_null": Column("p (spatial null)", "p against smooth random maps."),
    "p_random": Column("p (random masks)", "p against random masks."),
    "p_folds": Column("p (folds)", "p over folds (jackknife)."),
    "q_fdr": Column("q (FDR)", "p, corrected for the false discovery rate."),
    "null_mean": Column("smooth random maps: mean", "Mean of smooth random maps."),
    "null_p95": Column(
        "smooth random maps: 95th percentile", "95th percentile of smooth random maps."
    ),
    "random_mean": Column("random masks: mean", "Mean of random masks."),
    "random_p95": Column("random masks: 95th percentile", "95th percentile of random masks."),
    # Maps
    "spearman": Column("Spearman's rho", "Rank correlation."),
    "pearson": Column("Pearson's r", "Linear correlation."),
    "dice": Column("Dice", "Dice of the masks of equal area."),
    "mean": Column("mean", "Mean value of the map."),
    "sd": Column("sd", "Standard deviation."),
    "n_maps": Column("maps", "Number of maps."),
    "maps": Column("maps", "Number of maps."),
    "n_degenerate": Column("all-zero maps", "Number of maps that are zero everywhere."),
    "seconds": Column("time", "Computing time.", "s"),
    "chance": Column("chance", "Chance level."),
}
