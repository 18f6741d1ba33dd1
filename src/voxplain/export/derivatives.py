"""A run's maps as a BIDS derivatives dataset (BIDS 1.10, derivatives).

File names contain participant, session, space, resolution and method; sidecars have the rest. BIDS
has no suffix for attribution maps yet, so `SUFFIX` is used and listed in ``.bidsignore``, as BIDS
asks for files that it does not cover.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from voxplain.columns import sidecar
from voxplain.export.labels import bids_labels, letters_and_digits
from voxplain.figures.attention import SCALED, UNITS
from voxplain.image.grid import Grid
from voxplain.image.nifti import write_volume
from voxplain.names import method_name
from voxplain.preparation.settings import registration_of
from voxplain.preparation.spaces import XFORM_ALIGNED, XFORM_MNI152, is_mni152
from voxplain.report.methods import methods, references
from voxplain.run.atomic import write_text
from voxplain.run.files import write_json, write_table
from voxplain.run.paths import WHOLE_COHORT

BIDS_VERSION = "1.10.0"
SUFFIX = "map"
NATIVE, STUDY = "orig", "study"  # BIDS: each image's own space; one made for a study
# Where cohorts that are known by name come from.
SOURCES = {
    "hcp": [{"URL": "https://www.humanconnectome.org/study/hcp-young-adult"}],
    "oasis": [{"URL": "https://www.oasis-brains.org"}],
}
README = """\
# {name}

Attribution maps of a 3D CNN that tells {negative} from {positive}, made by voxplain {version}.

- `sub-<label>/anat/`: the map of one participant and method. {explained}
- `tpl-{template}/anat/`: means over the participants of each class, and the conjoined map.
- `participants.tsv`: which label is which participant of the source dataset.

Values are raw and not negative: {unit}. They say what this network's answer rests on; without
the nulls, sanity and stability checks of the run's report they say nothing about the brain. No age,
family or other restricted column of the source dataset is here; sidecars name images, and do not
hold them. The terms of the source dataset apply to what is made of it.

## Methods

{methods}

## References

{references}
"""


@dataclass(frozen=True)
class Maps:
    """The maps of a run, as a BIDS dataset.

    Parameters
    ----------
    root : Path
        The dataset's folder.
    config : mapping
        The validated configuration of the run.
    provenance : mapping
        The run's ``provenance.json``.
    grid : Grid
        Of all maps.
    participants : pandas.DataFrame
        The run's participants table.
    """

    root: Path
    config: Mapping[str, Any]
    provenance: Mapping[str, Any]
    grid: Grid
    participants: pd.DataFrame

    @property
    def space(self) -> str:
        """The space that the maps are in, as the run names it."""
        registration = registration_of(self.config)
        return registration.space_after(self.config["cohort"]["space"])

    @property
    def template(self) -> str:
        """The label of the space that group maps are in."""
        return letters_and_digits(self.space) if is_mni152(self.space) else STUDY

    def labels(self) -> dict[str, str]:
        """Return the BIDS label of each participant."""
        names = self.participants["participant_id"].tolist()
        return dict(zip(names, bids_labels(names), strict=True))

    def write_dataset(self, folds: pd.DataFrame) -> None:
        """Write the files of the dataset that are not maps.

        Parameters
        ----------
        folds : pandas.DataFrame
            Columns participant_id and fold.
        """
        config, version = self.config, self.provenance["versions"]["voxplain"]
        source = SOURCES.get(config["cohort"]["layout"])
        name = f"Attribution maps of the voxplain run {config['run']}"
        write_json(
            self.root / "dataset_description.json",
            {
                "Name": name,
                "BIDSVersion": BIDS_VERSION,
                "DatasetType": "derivative",
                "GeneratedBy": [
                    {
                        "Name": "voxplain",
                        "Version": version,
                        "Description": f"Run {config['run']}, seed {config['seed']}.",
                    }
                ],
                "ReferencesAndLinks": references(config),
                **({"SourceDatasets": source} if source else {}),
            },
        )
        held_out = config["attribution"]["model"] == "fold"
        classes = config["cohort"]["classes"]
        text = README.format(
            name=name,
            version=version,
            **classes,
            template=self.template,
            explained=(
                "It explains the network of a fold that had not seen the participant."
                if held_out
                else "It explains one network that was trained on everybody (in-sample)."
            ),
            unit=", ".join(f"{method_name(key)} {unit}" for key, unit in UNITS.items())
            + ", the others in units of their own",
            methods="\n\n".join(
                methods(config, len(self.participants), self.provenance["versions"])
            ),
            references="\n".join(f"- {cited}" for cited in references(config)),
        )
        write_text(self.root / "README.md", text)
        write_text(self.root / ".bidsignore", f"*_{SUFFIX}.nii.gz\n*_{SUFFIX}.json\n")
        people = self.participants.merge(folds[["participant_id", "fold"]], validate="1:1")
        labels = people["participant_id"].map(self.labels())
        table = {
            "participant_id": "sub-" + labels,
            "source_id": people["participant_id"],
            "group": people["class_name"],
            "fold": people["fold"],
        }
        write_table(self.root / "participants.tsv", pd.DataFrame(table))
        described = sidecar("derivatives_participants", table)
        write_json(self.root / "participants.json", described)

    def write_participants(
        self, method: str, maps: np.ndarray, rows: pd.DataFrame, model: Mapping[str, str]
    ) -> None:
        """Write the maps of one method and one network.

        Parameters
        ----------
        method : str
        maps : (n, X, Y, Z) array
            Of the held-out rows, in their order.
        rows : pandas.DataFrame
            Columns participant_id, set (``test``: held out), target, score.
        model : mapping
            fold, file (the network's, below the run's folder) and sha256.
        """
        held_out = rows[rows["set"] == "test"]
        images = self.participants.set_index("participant_id")["image"]
        labels = self.labels()
        space = self.template if is_mni152(self.space) else NATIVE
        for volume, row in zip(maps, held_out.itertuples(), strict=True):
            image = images[row.participant_id]
            prefix = [f"sub-{labels[row.participant_id]}", *self._session(image)]
            folder = self.root.joinpath(*prefix, "anat")
            entities = [*prefix, f"space-{space}", self._resolution(), _description(method)]
            sidecar = {
                "Description": f"{method_name(method)} of one participant.",
                "Sources": [_source(image, self.config["cohort_root"])],
                "SourceSHA256": self.provenance["images_sha256"][row.participant_id],
                "TargetClass": self._classes()[int(row.target)],
                "TargetRule": self.config["attribution"]["target"],
                "TargetLogit": float(row.score),
                "ModelFold": model["fold"],
                "ModelFile": model["file"],
                "ModelSHA256": model["sha256"],
                "HeldOut": model["fold"] != WHOLE_COHORT,
                "Units": UNITS.get(method, "arbitrary"),
            }
            self._write(folder / "_".join(entities), method, volume, sidecar)

    def write_groups(self, method: str, volumes: np.ndarray, counts: Mapping[str, int]) -> None:
        """Write the group maps of one method.

        Parameters
        ----------
        method : str
        volumes : (n_groups, X, Y, Z) array
        counts : mapping of str to int
            How many participants each map is the mean of, by its group: a class, or ``conjoined``.
        """
        prefix = f"tpl-{self.template}"
        for label, (group, n), volume in zip(
            bids_labels(list(counts)), counts.items(), volumes, strict=True
        ):
            described = f"{_description(method)}{label[0].upper()}{label[1:]}"
            stem = "_".join([prefix, self._resolution(), described])
            sidecar = {
                "Description": f"{method_name(method)}, group map of {group} ({n} participants).",
                "Group": group,
                "NumberOfParticipants": n,
                "Units": UNITS.get(method, SCALED),
            }
            self._write(self.root / prefix / "anat" / stem, method, volume, sidecar)

    def _write(
        self, stem: Path, method: str, volume: np.ndarray, sidecar: Mapping[str, Any]
    ) -> None:
        name = f"{stem}_{SUFFIX}"
        known = is_mni152(self.space)
        code = XFORM_MNI152 if known else XFORM_ALIGNED
        write_volume(f"{name}.nii.gz", volume, self.grid, code)
        sizes = " x ".join(f"{size:.3g}" for size in self.grid.voxel_sizes)
        shape = " x ".join(map(str, self.grid.shape))
        write_json(
            f"{name}.json",
            {
                **sidecar,
                "Method": method,
                "MethodParameters": self.config["attribution"][method],
                "SpatialReference": self.space if known else NATIVE,
                "SkullStripped": False,  # BIDS: voxels outside the brain are not set to zero
                "Resolution": f"{shape} voxels of {sizes} mm",
            },
        )

    def _resolution(self) -> str:
        return f"res-{'x'.join(map(str, self.grid.shape))}"

    def _classes(self) -> list[str]:
        classes = self.config["cohort"]["classes"]
        return [classes["negative"], classes["positive"]]

    def _session(self, image: str) -> list[str]:
        """Return the session in the name of a BIDS image, if there is one."""
        match = re.search(r"(?:^|_)(ses-[0-9A-Za-z]+)_", Path(image).name)
        return [match[1]] if match and self.config["cohort"]["layout"] == "bids" else []


def _description(method: str) -> str:
    return f"desc-{letters_and_digits(method)}"


def _source(image: str, root: str | None) -> str:
    """Return an image's path below the cohort's folder, whose place is not published."""
    return image if root is None else os.path.relpath(image, root)
