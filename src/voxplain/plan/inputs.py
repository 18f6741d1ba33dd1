"""The files outside its own folder that a run reads, and whether they have been replaced."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from voxplain.cohort.image_patterns import PATTERNS
from voxplain.errors import CohortError
from voxplain.plan.run_plan import RunPlan
from voxplain.run.fingerprints import files_fingerprint, images_fingerprint
from voxplain.run.paths import RunPaths
from voxplain.run.templates import as_glob

MADE_HERE = "made here"  # the synthetic cohort has no files of others


@dataclass(frozen=True)
class Fingerprints:
    """Digests of names, sizes and times of a run's input files: a replaced file changes them.

    Attributes
    ----------
    tables, images : str or None
        Of the cohort; None where they were not taken.
    atlases : dict
        Of atlases given as files, by name.
    reference : str or None
        Of the image that FLIRT's matrices need.
    """

    tables: str | None
    images: str | None
    atlases: Mapping[str, str | None]
    reference: str | None


@dataclass(frozen=True)
class Inputs:
    """The files outside its own folder that a run reads.

    Attributes
    ----------
    plan : RunPlan
        What the run consists of.
    paths : RunPaths
        Where its results lie.
    """

    plan: RunPlan
    paths: RunPaths

    @property
    def _root(self) -> Path:
        return Path(self.plan.config["cohort_root"])

    def cohort_files(self) -> dict[str, list[Path]]:
        """Return the tables that the cohort is read from, by kind: table, morphometry."""
        if self.plan.is_synthetic:
            paths = self.paths
            return {
                "table": [Path(paths.source_participants)],
                "morphometry": [Path(paths.source_morphometry)],
            }
        settings = self.plan.layout_settings
        names = [settings.get(key) for key in ("participants", "behavioural", "restricted")]
        files = {"table": [self._root / name for name in names if name]}
        if self.plan.has_morphometry:
            tables = settings["morphometry"]
            tables = [tables] if isinstance(tables, str) else tables
            files["morphometry"] = [self._root / table for table in tables]
        return files

    def cohort_tables(self) -> list[Path]:
        """Return the same tables in one list."""
        return [path for paths in self.cohort_files().values() for path in paths]

    def tables_to_record(self) -> list[Path]:
        """Return those whose checksums are recorded: one job alone may read the restricted one."""
        restricted = self.plan.layout_settings.get("restricted")
        if not restricted:
            return self.cohort_tables()
        hidden = (self._root / restricted).resolve()
        return [path for path in self.cohort_tables() if path.resolve() != hidden]

    def atlas_files(self, name: str) -> dict[str, str]:
        """Return the files of an atlas, by kind: wheel, or image and labels."""
        atlas = self.plan.atlases[name]
        if "wheel" in atlas:
            return {"wheel": self.paths.wheel.format(wheel=atlas["wheel"])}
        return {"image": atlas["image"], "labels": atlas["labels"]}

    def reference(self) -> list[Path]:
        """Return the image whose geometry FLIRT's matrices need, where the run needs one."""
        reference = self.plan.config["registration"]["reference"]
        return [self._root / reference] if self.plan.applies_transforms and reference else []

    def fingerprints(self) -> Fingerprints:
        """Look at all input files; not at those that the run makes or fetches itself."""
        by_file = {
            name: self.atlas_files(name).values() if "wheel" not in atlas else []
            for name, atlas in self.plan.atlases.items()
        }
        return Fingerprints(
            self._tables_fingerprint(),
            self._images_fingerprint(),
            {name: files_fingerprint(map(Path, files)) for name, files in by_file.items()},
            files_fingerprint(self.reference()),
        )

    def not_looked_at(self) -> Fingerprints:
        """Return blank fingerprints, for jobs: the main process alone compares and records them."""
        return Fingerprints(None, None, dict.fromkeys(self.plan.atlases), None)

    def _tables_fingerprint(self) -> str:
        if self.plan.is_synthetic:
            return MADE_HERE
        return files_fingerprint(self.cohort_tables())

    def _images_fingerprint(self) -> str:
        plan, settings = self.plan, self.plan.layout_settings
        if plan.is_synthetic:
            return MADE_HERE
        is_table = plan.layout == "table"
        templates = [
            settings.get("mask") if is_table else None,
            plan.config["registration"]["transform"] if plan.applies_transforms else None,
        ]
        named = [
            path
            for template in templates
            if template
            for path in self._root.glob(as_glob(template.partition("!/")[0]))
        ]
        if is_table:
            table, image = settings["participants"], settings["image"]
            return images_fingerprint(self._root, table, image) + files_fingerprint(named)
        folder = self._root / (settings.get("derivatives") or "")
        images = [path for pattern in PATTERNS[plan.layout] for path in folder.glob(pattern)]
        return files_fingerprint([*images, *named])


def held_out_fold(folds: str | Path, participant: str) -> str:
    """Return the fold that a participant is held out of.

    Parameters
    ----------
    folds : path
        The run's drawn folds.
    participant : str
        Its ID.

    Raises
    ------
    CohortError
        The cohort has no such participant.
    """
    with open(folds, encoding="utf-8", newline="") as file:
        rows = {row["participant_id"]: row["fold"] for row in csv.DictReader(file, delimiter="\t")}
    if participant not in rows:
        raise CohortError(f"{participant} is not in this cohort (see {folds})")
    return rows[participant]
