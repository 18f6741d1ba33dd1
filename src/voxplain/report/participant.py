"""The page of one participant: image, maps of all methods, and what the models predicted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from voxplain.atlas.labels import Atlas
from voxplain.columns import heading
from voxplain.evaluation.maps.group_maps import scale_to_unit
from voxplain.figures.attention import SCALED, UNITS
from voxplain.image.grid import Grid
from voxplain.names import method_name, number
from voxplain.report.blocks import Section, Text
from voxplain.report.notices import Notice, near_chance
from voxplain.report.page import render
from voxplain.report.tables import table
from voxplain.report.viewer import Layer, Viewer, viewer
from voxplain.run.paths import WHOLE_COHORT

ONE_MAP = (
    "One participant's map shows what this network's answer depends on. It says nothing about the "
    "brain without the null distributions and the sanity and stability checks of the report."
)


def participant_viewer(
    participant: str,
    image: np.ndarray,
    brain: np.ndarray,
    grid: Grid,
    maps: Mapping[str, np.ndarray],
    atlases: Sequence[Atlas],
) -> Viewer:
    """Make the viewer of one participant's maps.

    Parameters
    ----------
    participant : str
    image, brain : (X, Y, Z) arrays
        The participant's image on the run's grid and the cohort's boolean brain mask.
    grid : Grid
    maps : mapping of method to (X, Y, Z) array
        Non-negative maps; all but Meaningful Perturbations are shown relative to their maximum.
    atlases : sequence of Atlas
    """
    layers = []
    for method, volume in maps.items():
        shown = volume if method in UNITS else scale_to_unit(volume[None])[0]
        unit = UNITS.get(method, SCALED)
        layers.append(Layer((method_name(method),), shown, float(shown.max()), unit))
    caption = (
        f"Maps of {participant} on the participant's own image. L is the participant's left. "
        "Voxels below the threshold show the image alone."
    )
    return viewer("viewer-maps", caption, image, brain, grid, ["Method"], layers, atlases)


@dataclass(frozen=True, kw_only=True)
class ParticipantResults:
    """One participant of a run.

    Parameters
    ----------
    run, participant : str
    class_names : (str, str)
        Of the negative and the positive class.
    map_fold : str
        The fold whose network the maps explain.
    predictions : pandas.DataFrame
        One row per model: model and the columns of a table of predictions.
    accuracy : pandas.DataFrame
        The run's table.
    quality : pandas.DataFrame
        The participant's row of the quality control.
    viewer : Viewer
    """

    run: str
    participant: str
    class_names: tuple[str, str]
    map_fold: str
    predictions: pd.DataFrame
    accuracy: pd.DataFrame
    quality: pd.DataFrame
    viewer: Viewer


def participant_page(results: ParticipantResults) -> str:
    """Render the page of one participant, self-contained as the report is.

    Parameters
    ----------
    results : ParticipantResults

    Returns
    -------
    str
        The HTML page.
    """
    names, predictions = results.class_names, results.predictions
    cnn = predictions.set_index("model").loc["cnn"]
    predicted, true = names[int(cnn["y_pred"])], names[int(cnn["y_true"])]
    answer = (
        f"The true class is {true}. The 3D CNN of fold {cnn['fold']}, which was trained without "
        f"this participant, predicts {predicted} (difference of logits {number(cnn['y_score'])}), "
        f"which is {'right' if predicted == true else 'wrong'}."
    )
    shown = pd.DataFrame(
        {
            "model": predictions["model"],
            "predicted": [names[int(value)] for value in predictions["y_pred"]],
            "right": predictions["y_pred"] == predictions["y_true"],
            "score (each model's own scale)": predictions["y_score"],
        }
    )
    caption = f"Predictions of the models of fold {cnn['fold']}, trained without this participant."
    labels = {name: heading("quality", name) for name in results.quality}
    sections = [
        Section("maps", "Attribution maps", [_explained(results.map_fold), results.viewer]),
        Section("prediction", "Predictions", [table(shown, "table-predictions", caption)]),
        Section(
            "quality",
            "The image",
            [
                table(
                    results.quality, "table-quality", "Quality control of the image.", labels=labels
                )
            ],
        ),
    ]
    lead = f"One participant of the run {results.run}."
    return render(results.participant, lead, answer, _notices(results), sections)


def _explained(fold: str) -> Text:
    if fold == WHOLE_COHORT:
        return Text("The maps explain the network trained on all participants, this one included.")
    return Text(
        f"The maps explain the network of fold {fold}, which was trained without this participant."
    )


def _notices(results: ParticipantResults) -> list[Notice]:
    notices = near_chance(results.accuracy)
    if results.quality["outlier"].any():
        notices.append(Notice("warn", "Quality control marks the image as an outlier."))
    return [*notices, Notice("note", ONE_MAP)]
