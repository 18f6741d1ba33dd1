"""The page of one participant: image, maps of all methods, and what the models predicted."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from voxplain.atlas.labels import Atlas
from voxplain.evaluation.maps.group_maps import scale_to_unit
from voxplain.figures.attention import SCALED, UNITS
from voxplain.image.grid import Grid
from voxplain.names import method_name, number
from voxplain.report.answer import class_names
from voxplain.report.blocks import Section, Text
from voxplain.report.notices import Notice, near_chance
from voxplain.report.page import render
from voxplain.report.tables import table
from voxplain.report.viewer import Layer, Viewer, viewer
from voxplain.run.paths import WHOLE_COHORT

ONE_MAP = (
    "One participant's map tells what this network answered to; without the report's nulls, sanity "
    "and stability checks it tells nothing about the brain."
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


def build(context: Mapping[str, Any]) -> str:
    """Render the page of one participant.

    Parameters
    ----------
    context : mapping
        run, participant (str); config (dict); map_fold (str: whose network the maps explain);
        predictions (DataFrame: model and the columns of a predictions table), accuracy (the run's
        table), quality (DataFrame of one row), viewer (Viewer).

    Returns
    -------
    str
        The HTML page.
    """
    names = class_names(context["config"])
    predictions = context["predictions"]
    cnn = predictions.set_index("model").loc["cnn"]
    said, true = names[int(cnn["y_pred"])], names[int(cnn["y_true"])]
    answer = (
        f"The class is {true}; the 3D CNN of fold {cnn['fold']}, which had not seen this "
        f"participant, said {said} (difference of logits {number(cnn['y_score'])}), which is "
        f"{'right' if said == true else 'wrong'}."
    )
    shown = pd.DataFrame(
        {
            "model": predictions["model"],
            "predicted": [names[int(value)] for value in predictions["y_pred"]],
            "right": predictions["y_pred"] == predictions["y_true"],
            "score of its own scale": predictions["y_score"],
        }
    )
    sections = [
        Section("maps", "Attention maps", [_explained(context["map_fold"]), context["viewer"]]),
        Section(
            "prediction",
            "Predictions",
            [table(shown, "table-predictions", f"Held-out predictions, fold {cnn['fold']}.")],
        ),
        Section(
            "quality",
            "The image",
            [table(context["quality"], "table-quality", "Quality control of the image.")],
        ),
    ]
    lead = f"One participant of the run {context['run']}."
    return render(context["participant"], lead, answer, _notices(context), sections)


def _explained(fold: str) -> Text:
    if fold == WHOLE_COHORT:
        return Text("The maps explain the network trained on everybody, this participant included.")
    return Text(f"The maps explain the network of fold {fold}, which had not seen the participant.")


def _notices(context: Mapping[str, Any]) -> list[Notice]:
    notices = near_chance(context["accuracy"])
    if context["quality"]["outlier"].any():
        notices.append(Notice("warn", "Quality control marks the image as an outlier."))
    return [*notices, Notice("note", ONE_MAP)]
