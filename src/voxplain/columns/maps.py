"""Tables of the maps."""

from voxplain.columns.entry import Column, table

SCORES = (
    "n_truth prevalence auc average_precision peak_inside mass_inside null_auc_mean null_auc_p95 "
    "p_auc null_ap_mean null_ap_p95 p_ap null_peak_mean p_peak null_mass_mean null_mass_p95 p_mass"
)
POINTING = "pointing_maps pointing pointing_low pointing_high auc_low auc_high"
LOCALISATION = {
    "n_truth": Column("planted voxels", "Number of planted voxels in the brain."),
    "prevalence": Column("share planted", "Share of the brain's voxels that are planted."),
    "auc": Column("AUC", "Area under the ROC curve: map value against planted voxels."),
    "average_precision": Column("average precision", "Area under the precision-recall curve."),
    "peak_inside": Column("peak inside", "Whether the highest voxel is planted."),
    "mass_inside": Column("mass inside", "Share of the map's sum in planted voxels."),
    "null_auc_mean": Column("random maps: mean AUC", "Mean AUC of smooth random maps."),
    "null_auc_p95": Column("random maps: 95th percentile of AUC", "95th percentile of their AUC."),
    "p_auc": Column("p (AUC)", "p of the AUC against smooth random maps."),
    "null_ap_mean": Column("random maps: mean AP", "Mean average precision of random maps."),
    "null_ap_p95": Column("random maps: 95th percentile of AP", "95th percentile of the same."),
    "p_ap": Column("p (AP)", "p of the average precision."),
    "null_peak_mean": Column(
        "random maps: share with the peak inside", "Share of random maps with a planted peak."
    ),
    "p_peak": Column("p (peak)", "p of the peak inside."),
    "null_mass_mean": Column("random maps: mean mass inside", "Mean mass inside of random maps."),
    "null_mass_p95": Column(
        "random maps: 95th percentile of mass inside", "95th percentile of the same."
    ),
    "p_mass": Column("p (mass)", "p of the mass inside."),
    "pointing_maps": Column("maps in the pointing game", "Number of participants' maps."),
    "pointing": Column("pointing game: hits", "Share of maps whose highest voxel is planted."),
    "pointing_low": Column("95 % CI, low (pointing)", "Lower end of its 95 % interval."),
    "pointing_high": Column("95 % CI, high (pointing)", "Upper end of its 95 % interval."),
    "auc_low": Column("AUC 95 % CI, low", "Lower end of the 95 % interval over folds."),
    "auc_high": Column("AUC 95 % CI, high", "Upper end of the 95 % interval over folds."),
}
OTHER_MAP = {
    "null_mean": Column("random maps: mean", "Mean with smooth random maps as the second map."),
    "null_p95": Column("random maps: 95th percentile", "95th percentile of the same."),
    "p": Column("p (spatial null)", "p against smooth random maps."),
}


SCORE = Column("score (sums to 1)", "Mean of the map in the region / sum over all regions.")

MAPS = {
    "masked_accuracy": table(
        "Accuracy on masked images.",
        "method mask control accuracy_mean accuracy_sd n_folds paper_mean paper_sd random_mean "
        "random_p95 p_random change change_low change_high lead lead_low lead_high",
        mask=Column("mask", "Group mask."),
        control=Column(
            "control",
            "What multiplies the images: mask, complement, random mask, brain or none.",
        ),
        random_mean=Column("random masks: mean", "Mean accuracy with random masks."),
        change=Column("change", "Accuracy minus that on unmasked images."),
        change_low=Column("95 % CI, low (change)", "Lower end of its 95 % interval."),
        change_high=Column("95 % CI, high (change)", "Upper end of its 95 % interval."),
        lead=Column("lead", "Accuracy of the conjoined mask minus that of this mask."),
        lead_low=Column("95 % CI, low (lead)", "Lower end of its 95 % interval."),
        lead_high=Column("95 % CI, high (lead)", "Upper end of its 95 % interval."),
    ),
    "table3": table(
        "Overlap between the methods' group masks.",
        "method_a method_b paper agreement agreement_chance agreement_disjoint dice_threshold "
        "dice_threshold_chance voxels_a voxels_b dice_equal_area chance null_mean null_p95 p_null",
        agreement=Column("agreement (the paper's number)", "Share of the box that agrees."),
        agreement_chance=Column("agreement of independent masks", "Its chance level."),
        agreement_disjoint=Column(
            "agreement of masks that share no voxel", "The same for disjoint masks of these sizes."
        ),
        dice_threshold=Column("Dice, paper's thresholds", "Dice in the brain."),
        dice_threshold_chance=Column(
            "Dice of independent masks, paper's thresholds", "Its chance level."
        ),
        voxels_a=Column("voxels a", "Voxels of the first mask in the brain."),
        voxels_b=Column("voxels b", "Voxels of the second mask in the brain."),
        dice_equal_area=Column("Dice, equal area", "Dice in the brain of masks of equal area."),
        chance=Column("Dice of independent masks, equal area", "Its chance level."),
    ),
    "agreement": table(
        "Dice between methods for a range of areas.",
        "level method_a method_b area dice chance null_mean null_p95 p_null dice_low dice_high "
        "other_mean",
        level=Column("level", "Group maps, group maps by axial slice, or participants' maps."),
        area=Column("area", "Share of the brain in each mask."),
        chance=Column("Dice of independent masks", "Chance level."),
        dice_low=Column("95 % CI, low", "Lower end of the 95 % interval over folds."),
        dice_high=Column("95 % CI, high", "Upper end of the 95 % interval over folds."),
        other_mean=Column("Dice with another participant", "Mean Dice with another's map."),
    ),
    "map_properties": table(
        "Sparsity, edges, agreement over folds, and the difference of the classes' maps.",
        "method value low high rival difference p_highest property observed null_mean null_p95 "
        "p_null correlation",
        property=Column(
            "property", "Gini or Hoyer index, edges, agreement of folds or class difference."
        ),
        value=Column("value", "Value of the property, mean over folds."),
        low=Column("95 % CI, low", "Lower end of the 95 % interval over folds."),
        high=Column("95 % CI, high", "Upper end of the 95 % interval over folds."),
        rival=Column("rival", "The other method with the highest value."),
        difference=Column("lead over the rival", "Value minus that of the rival."),
        p_highest=Column("p (highest)", "p that the method exceeds every other, over folds."),
        observed=Column("observed", "Size of the difference between the classes' maps."),
        correlation=Column("correlation", "Correlation of the classes' maps."),
    ),
    "table2": table(
        "Regions of an atlas, ranked by each method's map.",
        "method rank value name score mean coverage volume_ml in_view p_null q_fdr p_fwe fold_low "
        "fold_high p_folds q_folds folds_above survives planted paper",
        rank=Column("rank", "Rank of the score."),
        value=Column("label in the atlas", "Number of the region in the atlas."),
        name=Column("name", "Name of the region."),
        score=SCORE,
        coverage=Column(
            "share of region in the equal-area mask",
            "Share of the region among the highest voxels of the map (equal_area of the brain).",
        ),
        volume_ml=Column("volume, ml", "Volume of the region.", "ml"),
        in_view=Column(
            "share of region in view", "Share of the region that lies in the maps' field of view."
        ),
        p_fwe=Column("p (family-wise)", "p, corrected for all regions (family-wise)."),
        fold_low=Column(
            "95 % CI over folds, low", "Lower end of the 95 % interval of the score over folds."
        ),
        fold_high=Column(
            "95 % CI over folds, high", "Upper end of the 95 % interval of the score over folds."
        ),
        q_folds=Column("q (FDR, folds)", "p (folds), corrected for the false discovery rate."),
        folds_above=Column(
            "share of folds above random maps",
            "Share of folds in which the region's score is above the mean score of random maps.",
        ),
        survives=Column("survives", "Whether the region survives all tests."),
        planted=Column(
            "share of region where an effect was planted",
            "Share of the region's voxels with a planted effect (synthetic cohorts).",
        ),
        paper=Column("Kan et al.", "The paper's score of the region."),
    ),
    "laterality": table(
        "Left and right of the regions that the paper names.",
        "method region paper atlas left right index index_low index_high p_folds p_null",
        paper=Column("Kan et al.", "Side that the paper names."),
        left=Column("left", "Mean of the map in the left region."),
        right=Column("right", "Mean of the map in the right region."),
        index=Column("laterality index", "(right - left) / (right + left)."),
        index_low=Column("95 % CI, low", "Lower end of its 95 % interval over folds."),
        index_high=Column("95 % CI, high", "Upper end of its 95 % interval over folds."),
    ),
    "networks": table(
        "Functional networks.",
        "method network enrichment enrichment_low enrichment_high null_mean null_p95 p_null q_fdr "
        "atlas",
        network=Column("network", "Functional network, such as the default mode network."),
        enrichment=Column(
            "enrichment", "Mean of the map in the network / its mean in all parcels of the atlas."
        ),
        enrichment_low=Column("95 % CI, low", "Lower end of its 95 % interval over folds."),
        enrichment_high=Column("95 % CI, high", "Upper end of its 95 % interval over folds."),
    ),
    "morphometry_overlap": table(
        "Correlation of the maps with the importances of the morphometry models.",
        "method importance features mapped structures spearman null_mean null_p95 p_null",
        importance=Column("importance", "Measure of importance."),
        mapped=Column("mapped", "Features of structures that a configured atlas has."),
        structures=Column("structures", "Number of structures."),
    ),
    "morphometry_regions": table(
        "Structures, their importance and the means of the maps (a column for each method).",
        "structure features coefficient strongest strongest_coefficient same_sign gain permutation",
        structure=Column("structure", "FreeSurfer structure."),
        coefficient=Column("|coefficient|", "Mean absolute coefficient of its features."),
        strongest=Column("strongest", "Feature with the largest coefficient."),
        strongest_coefficient=Column("strongest coefficient", "Its coefficient."),
        same_sign=Column("same sign", "Share of folds with this sign."),
        gain=Column("gain", "XGBoost's gain."),
        permutation=Column("permutation", "XGBoost's permutation importance."),
    ),
    "localisation": table(
        "How well the methods' group maps find the planted regions.",
        f"method {SCORES} {POINTING}",
        **LOCALISATION,
    ),
    "localisation_controls": table(
        "The same for control maps.", f"method {SCORES} {POINTING}", **LOCALISATION
    ),
    "localisation_regions": table(
        "The same for each planted region.",
        f"region {SCORES} method",
        **{name: LOCALISATION[name] for name in SCORES.split()},
    ),
    "faithfulness": table(
        "Deletion and insertion.",
        "method test fill area random gain ci_low ci_high p better participants folds fwhm "
        "unmatched",
        test=Column("test", "Deletion or insertion."),
        fill=Column("fill", "What replaces deleted voxels."),
        area=Column("area", "Area under the curve."),
        random=Column("random", "Area with random orders."),
        gain=Column("gain", "How much better than random orders."),
        better=Column("better", "Share of participants better than random orders."),
        fwhm=Column("FWHM of random orders, voxels", "Smoothness of random orders.", "voxels"),
        unmatched=Column(
            "maps smoother than noise can be",
            "Number of participants whose map is smoother than any noise; left out of the median.",
        ),
    ),
    "faithfulness_curves": table(
        "The curves of deletion and insertion.",
        "method random test fill fraction probability participants",
        random=Column("random", "Whether the order is random."),
        test=Column("test", "Deletion or insertion."),
        fill=Column("fill", "What replaces deleted voxels."),
        fraction=Column("fraction", "Share of the brain deleted or inserted."),
        probability=Column("probability", "Mean probability of the target."),
    ),
    "roar": table(
        "The network trained without the voxels that a method marks.",
        "method share n_folds intact accuracy random cost cost_low cost_high p",
        share=Column("share of the brain replaced", "Share of the brain's voxels replaced."),
        intact=Column("accuracy, unchanged images", "Accuracy on unchanged images."),
        accuracy=Column(
            "accuracy without the method's voxels",
            "Accuracy of networks trained without the method's voxels, mean over folds.",
        ),
        random=Column(
            "accuracy without random voxels",
            "Accuracy of networks trained without as many random voxels, mean over folds.",
        ),
        cost=Column(
            "cost beyond random", "Accuracy without random voxels minus that without the method's."
        ),
        cost_low=Column("95 % CI, low", "Lower end of its 95 % interval."),
        cost_high=Column("95 % CI, high", "Upper end of its 95 % interval."),
    ),
    "robustness": table(
        "Similarity of the maps of changed networks to those of the unchanged one.",
        "method kind level participants spearman pearson ssim dice ci_low ci_high lag_low lag_high",
        kind=Column("kind", "Kind of change."),
        level=Column("level", "Layer, strength or seed of the change."),
        ssim=Column("SSIM", "Structural similarity."),
        dice=Column("Dice", "Dice of the highest voxels."),
        lag_low=Column("lag, low", "Lower end of the 95 % interval of the lag."),
        lag_high=Column("lag, high", "Upper end of the 95 % interval of the lag."),
    ),
    "ablation": table(
        "Settings of Meaningful Perturbations.",
        "knob value own paper participants area drop converged fall auc score_se behind behind_se",
        knob=Column("setting", "Name of the setting."),
        value=Column("value", "Value of the setting."),
        own=Column("this run's", "Whether the value is that of this run."),
        paper=Column("the paper's", "Whether the value is that of the paper."),
        area=Column("area", "Share of the image replaced."),
        drop=Column("drop of probability", "Drop of the probability with the map's mask."),
        converged=Column("converged", "Share of maps that converged."),
        fall=Column("fall, highest share blurred", "Fall of the probability."),
        auc=Column("AUC", "Area under the ROC curve against the planted regions."),
        score_se=Column(
            "standard error of the score", "Standard error of the score over participants."
        ),
        behind=Column("behind the best", "Score of the best value minus this one."),
        behind_se=Column(
            "standard error of that",
            "Standard error, over participants, of the distance behind the best.",
        ),
    ),
    "truth": table(
        "Localisation over cohort sizes and effect sizes.",
        f"participants effect_size method {SCORES} {POINTING} cnn_accuracy cnn_low cnn_high "
        "evidence",
        effect_size=Column("effect size", "Cohen's d of each planted region."),
        cnn_accuracy=Column("CNN: accuracy", "Accuracy of the network."),
        cnn_low=Column("CNN: 95 % CI, low", "Lower end of its 95 % interval."),
        cnn_high=Column("CNN: 95 % CI, high", "Upper end of its 95 % interval."),
        **LOCALISATION,
    ),
    "paper_maps": table(
        "Group maps made in another way, compared with this run's.",
        "method changed spearman null_mean null_p95 p auc_own auc null_auc_p95 p_auc",
        changed=Column("changed", "What was done differently for the other map."),
        auc_own=Column("AUC, this run's", "AUC of this run's map against the planted regions."),
        auc=Column("AUC, other", "AUC of the other map."),
        null_auc_p95=LOCALISATION["null_auc_p95"],
        p_auc=LOCALISATION["p_auc"],
        **OTHER_MAP,
    ),
    "external_maps": table(
        "Similarity of two cohorts' group maps.",
        "method maps_a maps_b spearman null_mean null_p95 p",
        maps_a=Column("group maps of", "Models and cohort of the first map."),
        maps_b=Column("and of", "Models and cohort of the second map."),
        **OTHER_MAP,
    ),
    "first_layer": table(
        "Features of the first hidden layer in the two classes.",
        "fold measure n feature class_name value ci_low ci_high mean_negative mean_positive "
        "difference cohens_d t p p_holm q_fdr t_adjusted p_adjusted p_adjusted_holm larger",
        measure=Column("measure", "Mean activation or entropy."),
        feature=Column("feature", "Number of the feature."),
        value=Column("value", "Mean of the class."),
        mean_negative=Column("mean, negative class", "Mean of the negative class."),
        mean_positive=Column("mean, positive class", "Mean of the positive class."),
        difference=Column("difference", "Positive minus negative class."),
        cohens_d=Column("Cohen's d", "The difference in standard deviations."),
        t=Column("t", "Welch's t."),
        t_adjusted=Column("t, adjusted", "t, adjusted for head size."),
        p_adjusted=Column("p, adjusted", "p, adjusted for head size."),
        p_adjusted_holm=Column("p, adjusted (Holm)", "The same, corrected by Holm's method."),
        larger=Column("larger", "Class with the larger value."),
    ),
    "runtime": table(
        "Run times.",
        "method device maps seconds seconds_per_map cohort_seconds paper",
        device=Column("device", "Processor or GPU."),
        seconds_per_map=Column("time per map", "Time of one map.", "s"),
        cohort_seconds=Column("one map per participant", "Time of one map of each.", "s"),
        paper=Column("Kan et al.", "What the paper says."),
    ),
}
