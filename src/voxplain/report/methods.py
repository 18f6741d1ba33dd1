"""The methods section, written from the configuration so that it always matches the run."""

from collections.abc import Mapping
from typing import Any

from voxplain.names import method_name
from voxplain.preparation.settings import registration_of

CONTRASTS = {
    "T1w": "T1-weighted images",
    "grey_matter": "modulated grey-matter maps",
}
NORMALISATIONS = {
    "none": "Intensities were used as they are",
    "brain_mean": "Intensities were divided by each participant's mean inside the brain",
    "zscore": "Intensities were standardised within each participant's brain",
}
TARGETS = {
    "true_class": "the participant's true class",
    "predicted_class": "the class that the network predicts",
    "positive_class": "the positive class in all participants",
}
GROUPINGS = {
    "family": " and grouped by family where families are known",
    "site": " and grouped by site, with families where they are known",
    "none": " only, so relatives may be in both training and test set, as in the paper",
}
NORMS = {
    "mean": "means over voxels, as in the authors' code",
    "sum": "sums over voxels, as in equation 3",
}

CITED_STUDY = (
    "Kan M, Aliev R, Rudenko A, Drobyshev N, Petrashen N, Kondrateva E, Sharaev M, Bernstein A, "
    "Burnaev E. Interpretation of 3D CNNs for brain MRI data classification. AIST 2020, "
    "arXiv:2006.15969."
)
CITED = {
    "meaningful_perturbation": "Fong RC, Vedaldi A. Interpretable explanations of black boxes by "
    "meaningful perturbation. ICCV 2017.",
    "guided_backprop": "Springenberg JT, Dosovitskiy A, Brox T, Riedmiller M. Striving for "
    "simplicity: the all convolutional net. ICLR workshop 2015.",
    "grad_cam": "Selvaraju RR, Cogswell M, Das A, Vedantam R, Parikh D, Batra D. Grad-CAM: visual "
    "explanations from deep networks via gradient-based localization. ICCV 2017.",
    "integrated_gradients": "Sundararajan M, Taly A, Yan Q. Axiomatic attribution for deep "
    "networks. ICML 2017.",
    "smooth_grad": "Smilkov D, Thorat N, Kim B, Viegas F, Wattenberg M. SmoothGrad: removing noise "
    "by adding noise. arXiv:1706.03825, 2017.",
    "occlusion": "Zeiler MD, Fergus R. Visualizing and understanding convolutional networks. ECCV "
    "2014.",
}
CITED_ATLASES = {
    "brainnetome": "Fan L, Li H, Zhuo J, et al. The human Brainnetome atlas: a new brain atlas "
    "based on connectional architecture. Cerebral Cortex 2016.",
    "mori": "Mori S, Oishi K, Jiang H, et al. Stereotaxic white matter atlas based on diffusion "
    "tensor imaging in an ICBM template. NeuroImage 2008.",
    "schaefer": "Schaefer A, Kong R, Gordon EM, et al. Local-global parcellation of the human "
    "cerebral cortex from intrinsic functional connectivity MRI. Cerebral Cortex 2018.",
}
CITED_STATISTICS = (
    "Wilson EB. Probable inference, the law of succession, and statistical inference. Journal of "
    "the American Statistical Association 1927.",
    "Holm S. A simple sequentially rejective multiple test procedure. Scandinavian Journal of "
    "Statistics 1979.",
    "Benjamini Y, Hochberg Y. Controlling the false discovery rate: a practical and powerful "
    "approach to multiple testing. Journal of the Royal Statistical Society B 1995.",
    "Nadeau C, Bengio Y. Inference for the generalization error. Machine Learning 2003.",
    "Shao J, Wu CFJ. A general theory for jackknife variance estimation. Annals of Statistics "
    "1989.",
    "Winkler AM, Webster MA, Vidaurre D, Nichols TE, Smith SM. Multi-level block permutation. "
    "NeuroImage 2015.",
    "Petsiuk V, Das A, Saenko K. RISE: randomized input sampling for explanation of black-box "
    "models. BMVC 2018.",
    "Adebayo J, Gilmer J, Muelly M, Goodfellow I, Hardt M, Kim B. Sanity checks for saliency maps. "
    "NeurIPS 2018.",
)
CITED_SOFTWARE = (
    "Paszke A, Gross S, Massa F, et al. PyTorch: an imperative style, high-performance deep "
    "learning library. NeurIPS 2019.",
    "Pedregosa F, Varoquaux G, Gramfort A, et al. Scikit-learn: machine learning in Python. "
    "Journal of Machine Learning Research 2011.",
    "Chen T, Guestrin C. XGBoost: a scalable tree boosting system. KDD 2016.",
    "Mölder F, Jablonski KP, Letcher B, et al. Sustainable data analysis with Snakemake. "
    "F1000Research 2021.",
)
NAMED_SOFTWARE = {
    "torch": "PyTorch",
    "scikit-learn": "scikit-learn",
    "xgboost": "XGBoost",
    "nilearn": "nilearn",
    "snakemake": "Snakemake",
    "python": "Python",
}


def references(config: Mapping[str, Any]) -> list[str]:
    """List what a paper with this configuration cites: study, methods, atlases, tests, tools."""
    atlases = [atlas["name"] for atlas in config["atlases"]]
    return [
        CITED_STUDY,
        *(CITED[method] for method in config["attribution"]["methods"] if method in CITED),
        *(CITED_ATLASES[name] for name in atlases if name in CITED_ATLASES),
        *CITED_STATISTICS,
        *CITED_SOFTWARE,
    ]


def methods(
    config: Mapping[str, Any],
    n_participants: int | None,
    versions: Mapping[str, str] | None = None,
) -> list[str]:
    """Write one paragraph per stage.

    Parameters
    ----------
    config : mapping
        The validated configuration of the run.
    n_participants : int or None
        Size of the cohort, None if it is unknown.
    versions : mapping of str, optional
        Of the software (`voxplain.run.environment.environment`).
    """
    return [
        _data(config, n_participants),
        _network(config["cnn"], config["folds"]),
        _baselines(config["baselines"]),
        _attribution(config["attribution"]),
        _evaluation(config["evaluation"], config["attribution"]),
        *([] if versions is None else [_software(versions, config["seed"])]),
    ]


def _shape(values: list[int]) -> str:
    return "×".join(str(value) for value in values)


def _data(config: Mapping[str, Any], n_participants: int | None) -> str:
    cohort = config["cohort"]
    people = f"{n_participants} participants" if n_participants else "Participants"
    text = (
        f"{people} of the {cohort['layout']} cohort, {CONTRASTS[cohort['contrast']]} in "
        f"{cohort['space']} space, were {_registered(config)} "
        f"{NORMALISATIONS[config['volumes']['normalisation']]}."
    )
    if config["volumes"]["brain_mask"] == "template":
        text += " Voxels outside the brain of the MNI152 template were set to zero."
    if cohort["layout"] == "synthetic":
        settings = cohort["synthetic"]
        effect = (
            "No effect was planted."
            if settings["null_cohort"]
            else f"An effect of Cohen's d = {settings['effect_size']:g} was planted in "
            + ", ".join(region["name"] for region in settings["regions"])
            + "."
        )
        text += " The participants are simulated. " + effect
    return text


def _registered(config: Mapping[str, Any]) -> str:
    """Return how images came onto the grid."""
    registration = registration_of(config)
    voxels = f"{_shape(config['volumes']['shape'])} voxels"
    if registration.method == "none":
        return f"averaged onto a grid of {voxels} by exact box filtering, the field of view kept."
    by = {
        "transforms": "the given transforms",
        "antspy": "one affine each (ANTsPy, the MNI152 template of nilearn, brains only)",
        "conform": "the identity",
        "prepared": "one affine each (ANTsPy, the MNI152 template of nilearn)",
    }
    space = registration.space_after(config["cohort"]["space"])
    return (
        f"resampled into {space} by {by[registration.method]}, linearly and at their own "
        f"resolution, and averaged over the boxes of a grid of {voxels} in FSL's MNI152 field of "
        "view."
    )


def _network(cnn: Mapping[str, Any], folds: Mapping[str, Any]) -> str:
    weights = (
        f"The weights are the mean of the last {cnn['average_last']} epochs'"
        if cnn["average_last"] > 1
        else "The weights are the last epoch's"
    )
    return (
        f"{_architecture(cnn)} It was trained with "
        f"Adam for {cnn['epochs']} epochs in batches of {cnn['batch_size']}, learning rate "
        f"{cnn['learning_rate']:g}, multiplied by {cnn['gamma']:g} after epochs "
        f"{', '.join(map(str, cnn['milestones']))}, weight decay {cnn['weight_decay']:g}, "
        f"without augmentation. {weights}. Accuracy was estimated by {folds['n_splits']}-fold "
        f"cross-validation, stratified by class{GROUPINGS[folds['groups']]}; all models used the "
        "same folds."
    )


def _architecture(cnn: Mapping[str, Any]) -> str:
    if cnn["network"] is not None:
        settings = ", ".join(f"{name} {value}" for name, value in cnn["network_settings"].items())
        return (
            f"The network is {cnn['network']}{f' ({settings})' if settings else ''}, given by the "
            "user in place of the paper's."
        )
    return (
        f"The network has {len(cnn['channels'])} blocks of 3×3×3 convolution without padding, "
        "batch normalisation, ReLU and 2×2×2 max-pooling, with "
        f"{', '.join(map(str, cnn['channels']))} channels, then dropout ({cnn['dropout']:g}) and a "
        "linear layer of two logits."
    )


def _baselines(baselines: Mapping[str, Any]) -> str:
    return (
        f"Baselines on the same folds: a support vector machine (RBF kernel, C = "
        f"{baselines['svm_c']:g}) on all voxels; a linear one on voxels adjusted for head size by "
        "regressing out a cubic; if the cohort has morphometry, XGBoost, k-nearest neighbours and "
        "logistic regression, the last also on features adjusted for head size, with "
        f"hyper-parameters chosen by {baselines['inner_splits']}-fold cross-validation inside "
        "each training fold; and logistic regression on head size alone. All were fitted inside "
        "the training fold only."
    )


def _attribution(settings: Mapping[str, Any]) -> str:
    names = [method_name(method) for method in settings["methods"]]
    explained = (
        "each fold's network on its held-out participants"
        if settings["model"] == "fold"
        else "one network trained on all participants, on these same participants"
    )
    text = (
        f"{', '.join(names)} explained {explained}, for {TARGETS[settings['target']]}. Group maps "
        "are class means, gradient maps scaled to their own maximum first. The conjoined map is "
        "the sum of the class means, clipped to 1, for Meaningful Perturbations, and the mean over "
        "all participants for the other methods, as in the paper."
    )
    if "meaningful_perturbation" in settings["methods"]:
        text += " " + _perturbation(settings["meaningful_perturbation"])
    return text


def _perturbation(values: Mapping[str, Any]) -> str:
    sigmas = f"{values['sigma_0']:g} (image) and {values['sigma_m']:g} (mask)"
    blur = f"Gaussian blur of sigma {sigmas} voxels"
    if values["blur"] == "box":
        blur = f"a mean over {values['box_width']} voxels along each axis (image and mask)"
    shifts = "one for all axes" if values["jitter_axes"] == "common" else "one per axis"
    extras = [
        text
        for used, text in (
            (values["hinge"], f"a hinge at probability {values['hinge']:g}"),
            (values["ramp"], f"lambdas rising over {values['ramp']} iterations"),
            (values["amsgrad"], "AMSGrad"),
            (
                values["decay_every"],
                f"learning rate to a tenth every {values['decay_every']} iterations",
            ),
            (values["early_stopping"], "converged participants stopped early"),
        )
        if used
    ]
    return (
        f"Meaningful Perturbations: {values['iterations']} iterations of Adam (learning rate "
        f"{values['learning_rate']:g}) with {values['draws']} shifts of 0 to "
        f"{values['jitter'] - 1} voxels ({shifts}) each, mask at 1/{values['mask_scale']} "
        f"resolution, {blur}, lambda_1 = {values['lambda_1']:g}, lambda_2 = "
        f"{values['lambda_2']:g}, beta = {values['beta']:g}; norms are {NORMS[values['norm']]}"
        + "".join(f"; {extra}" for extra in extras)
        + "."
    )


def _software(versions: Mapping[str, str], seed: int) -> str:
    named = ", ".join(
        f"{name} {versions[key]}" for key, name in NAMED_SOFTWARE.items() if key in versions
    )
    return f"All was computed by voxplain {versions['voxplain']} ({named}), seed {seed}."


def _evaluation(settings: Mapping[str, Any], attribution: Mapping[str, Any]) -> str:
    held_out = attribution["model"] == "fold"
    made_from = "the fold's training participants" if held_out else "all participants, in-sample"
    thresholds = ", ".join(
        f"{settings['thresholds'][method]:g} ({method_name(method)})"
        for method in attribution["methods"]
        if method in settings["thresholds"]
    )
    return (
        "Accuracies have Wilson 95 % intervals and a permutation p from "
        f"{settings['permutations']} permutations of the labels between families of one size "
        "(Winkler et al. 2015); intervals named "
        f"bootstrap, and those of the AUC, come from {settings['bootstraps']} samples of whole "
        "families. Models are compared by the corrected resampled t-test over folds (Nadeau and "
        "Bengio 2003), Holm over the pairs, and by a paired bootstrap of families. Pairs of "
        "held-out participants of different classes are matched for head size within "
        f"{settings['head_size_caliper']:g} pooled standard deviations. A network counts as above "
        "chance if p < 0.05 and the interval's lower end exceeds the larger class. Masked accuracy "
        f"multiplies held-out images by group masks made from {made_from}; its controls are the "
        f"complement, {settings['random_masks']} random masks per fold with the mask's values and "
        "smoothness, averaged over folds draw by draw, and the whole brain. Overlap is Dice inside "
        "the brain at equal area "
        f"({settings['equal_area']:.0%} of the brain) and at thresholds {thresholds}. Spatial null "
        f"distributions come from {settings['surrogates']} smooth random maps; regions are "
        "corrected family-wise by the maximum over regions of the score standardised by region. "
        "Intervals over folds of properties of the networks come from the delete-a-group jackknife "
        "(Shao and Wu 1989). Gains in deletion and insertion (Petsiuk et al. 2018) are compared "
        "with the variation among random orders as smooth as the maps. "
        "First-layer features are compared by Welch's t test with Holm's correction."
    )
