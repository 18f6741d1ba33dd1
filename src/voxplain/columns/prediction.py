"""Tables of the models' predictions."""

from voxplain.columns.entry import Column, table

PERMUTED = {
    "null_mean": Column("permuted labels: mean", "Mean over permuted labels."),
    "null_p95": Column("permuted labels: 95th percentile", "95th percentile over permuted labels."),
}

PREDICTION = {
    "accuracy": table(
        "Accuracy of every model on held-out participants.",
        "model n accuracy ci_low ci_high mean sd balanced_accuracy recall_negative recall_positive "
        "mcc auc majority p_permutation evidence boot_low boot_high auc_low auc_high brier "
        "calibration_slope calibration_intercept",
        mean=Column("mean of folds", "Mean accuracy over folds."),
        sd=Column("sd of folds", "Standard deviation of the accuracy over folds."),
        recall_negative=Column("recall negative", "Share of the negative class that is right."),
        recall_positive=Column("recall positive", "Share of the positive class that is right."),
        mcc=Column("MCC", "Matthews correlation coefficient."),
        brier=Column("Brier score", "Mean squared error of the predicted probability."),
        calibration_slope=Column("calibration slope", "1: right, below 1: overconfident."),
        calibration_intercept=Column("calibration intercept", "0: unbiased."),
    ),
    "predictions": table(
        "Held-out predictions of every model.",
        "participant_id fold y_true y_score y_pred model",
        y_true=Column("true class", "True class, 0 or 1."),
        y_score=Column("score", "The model's score for class 1, on its own scale."),
        y_pred=Column("predicted class", "Predicted class, 0 or 1."),
    ),
    "calibration": table(
        "Observed rate of class 1 over the predicted probability.",
        "n predicted observed ci_low ci_high model",
        predicted=Column("predicted probability", "Mean predicted probability in the bin."),
        observed=Column("observed rate", "Share of class 1 in the bin."),
    ),
    "comparisons": table(
        "Accuracy of every pair of models: first minus second.",
        "model_a model_b difference ci_low ci_high p_corrected p_holm pooled_difference boot_low "
        "boot_high p_bootstrap",
        difference=Column("difference of accuracy", "Mean difference over folds."),
        p_corrected=Column("p (corrected resampled t)", "p of the corrected resampled t-test."),
        pooled_difference=Column("difference, pooled", "Difference over all participants."),
        p_bootstrap=Column("p (paired bootstrap)", "p of the paired bootstrap of families."),
    ),
    "head_size": table(
        "Accuracy on all participants and on pairs matched for head size.",
        "model accuracy ci_low ci_high matched_accuracy matched_low matched_high p_matched n_pairs "
        "caliper_ml d_all d_matched",
        matched_accuracy=Column("accuracy, matched", "Accuracy in matched pairs."),
        matched_low=Column("95 % CI, low (matched)", "Lower end of its 95 % interval."),
        matched_high=Column("95 % CI, high (matched)", "Upper end of its 95 % interval."),
        p_matched=Column("p (matched)", "p of the matched accuracy against one half."),
        n_pairs=Column("pairs", "Number of pairs."),
        caliper_ml=Column("caliper, ml", "Largest difference of head size in a pair.", "ml"),
        d_all=Column("difference, all", "Head size, class 1 minus class 0, before matching.", "sd"),
        d_matched=Column("difference, matched", "The same after matching.", "sd"),
    ),
    "confounds": table(
        "Other variables, and how well each alone predicts the class.",
        "confound n measure effect p_difference accuracy ci_low ci_high balanced_accuracy auc "
        "majority p_permutation",
        confound=Column("confound", "The variable, such as age or head size."),
        measure=Column("measure", "Measure of the difference between the classes."),
        effect=Column("size of the difference", "Difference between the classes."),
    ),
    "optimism": table(
        "Hyper-parameters chosen on the test folds, compared with nested selection.",
        "model non_nested_mean non_nested_sd nested_mean nested_sd optimism chosen",
        non_nested_mean=Column("not nested: mean of folds", "Accuracy if chosen on test folds."),
        non_nested_sd=Column("not nested: sd", "Its standard deviation over folds."),
        nested_mean=Column("nested: mean of folds", "Accuracy of nested selection."),
        nested_sd=Column("nested: sd", "Its standard deviation over folds."),
        optimism=Column("optimism", "The first accuracy minus the second."),
        chosen=Column("chosen on all folds", "Hyper-parameters that are best on the test folds."),
    ),
    "importances": table(
        "Coefficients of the logistic regression on morphometry.",
        "feature coefficient fold",
        coefficient=Column("coefficient", "Log-odds of class 1 per standard deviation."),
    ),
    "permutations": table(
        "Accuracy of a model refitted to permuted labels.",
        "model accuracy null_mean null_p95 p_refit n_permutations",
        p_refit=Column("p (refitted)", "p against the refitted models."),
        n_permutations=Column("permutations", "Number of permutations."),
        **PERMUTED,
    ),
    "repeats": table(
        "Accuracy over newly drawn folds.",
        "model n_repeats together_mean together_sd divided_mean divided_sd relatives family_gain",
        n_repeats=Column("repeats", "Number of sets of folds."),
        together_mean=Column("families together: accuracy", "Mean, families kept together."),
        together_sd=Column("families together: sd over repeats", "Its standard deviation."),
        divided_mean=Column("families split: accuracy", "Mean, families split between sets."),
        divided_sd=Column("families split: sd over repeats", "Its standard deviation."),
        relatives=Column(
            "share with a relative in training", "Share of test participants, families split."
        ),
        family_gain=Column("gain by splitting families", "Accuracy if split minus together."),
    ),
    "learning": table(
        "Accuracy over the number of training participants.",
        "model share n_train draws accuracy accuracy_low accuracy_high majority chance_high",
        share=Column("share of the training participants", "Share of the training participants."),
        n_train=Column("training participants, mean of folds", "Number of training participants."),
        draws=Column("draws", "Number of random subsets of the training participants."),
        accuracy_low=Column("lowest draw", "Lowest accuracy of the draws."),
        accuracy_high=Column("highest draw", "Highest accuracy of the draws."),
        chance_high=Column("larger class: 97.5th percentile", "97.5th percentile of chance."),
    ),
    "seeds": table(
        "The network trained again.",
        "changed n_runs accuracy_mean accuracy_sd accuracy_low accuracy_high this_run flipped",
        changed=Column("changed", "What differs between the runs."),
        n_runs=Column("runs, this one included", "Number of runs."),
        accuracy_mean=Column("accuracy, mean of runs", "Mean accuracy of the runs."),
        accuracy_sd=Column("sd of runs", "Standard deviation over the runs."),
        accuracy_low=Column("lowest", "Lowest accuracy."),
        accuracy_high=Column("highest", "Highest accuracy."),
        this_run=Column("this run", "Accuracy of this run."),
        flipped=Column(
            "participants with another prediction", "Share that two runs classify differently."
        ),
    ),
    "shuffled": table(
        "The network trained on permuted labels.",
        "labels accuracy chance_low chance_high inside p",
        labels=Column("labels", "True or permuted labels."),
        chance_low=Column("chance: 2.5th percentile", "2.5th percentile of chance."),
        chance_high=Column("chance: 97.5th percentile", "97.5th percentile of chance."),
        inside=Column("within chance", "Whether the accuracy is within this range."),
    ),
    "grids": table(
        "Network and voxel SVM on several grids.",
        "grid voxel_mm own cnn_accuracy cnn_ci_low cnn_ci_high cnn_evidence voxel_svm_accuracy "
        "voxel_svm_ci_low voxel_svm_ci_high voxel_svm_evidence lead lead_low lead_high lead_p gain "
        "gain_low gain_high",
        grid=Column("grid", "Voxels along each axis."),
        voxel_mm=Column("voxel, mm", "Voxel size.", "mm"),
        own=Column("this run's", "Whether the grid is that of this run."),
        cnn_accuracy=Column("CNN: accuracy", "Accuracy of the network."),
        cnn_ci_low=Column("CNN: 95 % CI, low", "Lower end of its 95 % interval."),
        cnn_ci_high=Column("CNN: 95 % CI, high", "Upper end of its 95 % interval."),
        cnn_evidence=Column("CNN: above chance", "Whether the network is above chance."),
        voxel_svm_accuracy=Column("SVM: accuracy", "Accuracy of the SVM on voxels."),
        voxel_svm_ci_low=Column("SVM: 95 % CI, low", "Lower end of its 95 % interval."),
        voxel_svm_ci_high=Column("SVM: 95 % CI, high", "Upper end of its 95 % interval."),
        voxel_svm_evidence=Column("SVM: above chance", "Whether the SVM is above chance."),
        lead=Column("CNN minus SVM", "Mean difference over folds."),
        lead_low=Column("95 % CI, low", "Lower end of its 95 % interval."),
        lead_high=Column("95 % CI, high", "Upper end of its 95 % interval."),
        lead_p=Column("p (corrected resampled t)", "p of the difference."),
        gain=Column("more than on the coarsest", "Difference minus that on the coarsest grid."),
        gain_low=Column("95 % CI, low (gain)", "Lower end of its 95 % interval."),
        gain_high=Column("95 % CI, high (gain)", "Upper end of its 95 % interval."),
    ),
    "table1": table(
        "Morphometry models (Table 1 of the paper).",
        "model accuracy_mean accuracy_sd paper_mean paper_sd status",
        status=Column("status", "Whether the model was fitted."),
    ),
    "external": table(
        "Another run's models on this cohort.",
        "trained_on tested_on model fitted_on n accuracy ci_low ci_high boot_low boot_high "
        "balanced_accuracy auc majority p_permutation evidence",
        trained_on=Column("trained on", "Run whose participants trained the model."),
        tested_on=Column("tested on", "Run whose participants test it."),
        fitted_on=Column("fitted on", "Whole cohort or training folds."),
    ),
    "claims": table(
        "The paper's claims.",
        "claim section paper paper_cohort kan2020 ours uncertainty chance source rule verdict",
        claim=Column("claim", "The claim in one sentence."),
        section=Column("section", "Section of the paper."),
        paper=Column("Kan et al.", "What the paper says."),
        paper_cohort=Column("cohort", "Whether the participants are the paper's."),
        kan2020=Column("computed as in the paper", "Our number computed in the paper's way."),
        ours=Column("this run", "Our number."),
        uncertainty=Column("uncertainty", "Its interval or test."),
        source=Column("source", "Tables that the verdict rests on."),
        rule=Column("rule", "Rules of the workflow that made them."),
        verdict=Column("verdict", "Verdict, by rule."),
    ),
}
