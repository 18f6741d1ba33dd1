"""Names of methods and models, and formats of numbers, wherever people read them."""

from typing import Any

import pandas as pd

MISSING = "–"

METHOD_NAMES = {
    "meaningful_perturbation": "Meaningful Perturbations",
    "guided_backprop": "Guided Backpropagation",
    "grad_cam": "Grad-CAM",
    "integrated_gradients": "Integrated Gradients",
    "smooth_grad": "SmoothGrad",
    "occlusion": "Occlusion",
    "input_gradient": "Plain gradient (control)",
    "edges": "Image edges (control)",
    "group_difference": "Group difference (control)",
}
MODEL_NAMES = {
    "cnn": "3D CNN",
    "voxel_svm": "SVM on voxels",
    "xgboost": "XGBoost, morphometry",
    "knn": "k-NN, morphometry",
    "logistic_regression": "Logistic regression, morphometry",
    "logistic_regression_tiv_residual": "Logistic regression, adjusted for head size",
    "voxel_svm_tiv_residual": "Linear SVM on voxels, adjusted for head size",
    "head_size": "Head size alone",
}


def method_name(method: str) -> str:
    """Spell out a method for readers; unknown names are shown as they are."""
    return METHOD_NAMES.get(method, method.replace("_", " "))


def model_name(model: str) -> str:
    """Spell out a model for readers; unknown names are shown as they are."""
    return MODEL_NAMES.get(model, model.replace("_", " "))


def is_missing(value: Any) -> bool:
    """Whether a cell is empty: None, NaN, pandas' NA or an empty string."""
    return value is None or value is pd.NA or value == "" or value != value


def number(value: float, column: str = "") -> str:
    """Round a number for readers: p and q values to three places, others to three digits.

    Parameters
    ----------
    value : float
    column : str
        Name of the result table's column; p and q values are recognised by it.
    """
    if is_missing(value):
        return MISSING
    if column.startswith(("p_", "q_")) or column == "p":
        return relation(value).removeprefix("= ")
    if float(value).is_integer() and abs(value) < 1e6:
        return f"{int(value)}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 0.01:
        digits = 3 if abs(value) < 1 else 2 if abs(value) < 10 else 1
        return f"{value:.{digits}f}"
    return f"{value:.2g}"


def relation(p: float) -> str:
    """Write a p value for a sentence: "= 0.012" or "< 0.001"."""
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def duration(seconds: float) -> str:
    """Write a time in seconds, minutes or hours."""
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.3g} s"
