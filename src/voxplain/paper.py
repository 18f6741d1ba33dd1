"""What Kan et al. 2020 report, number by number, each with its place in the paper.

"Interpretation of 3D CNNs for Brain MRI Data Classification", arXiv:2006.15969. Nothing else in the
package repeats these figures.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

CITATION = "Kan et al. 2020, Interpretation of 3D CNNs for Brain MRI Data Classification"


class MeanSd(NamedTuple):
    """Mean and standard deviation over the paper's ten folds."""

    mean: float
    sd: float


class Region(NamedTuple):
    """One row of Table 2: the printed name, its label value in the atlas file, the score."""

    name: str
    value: int
    score: float


class Lateral(NamedTuple):
    """A region that the paper names with a side, and the pattern of its labels' names."""

    name: str
    side: str
    pattern: str

    def members(self, names: list[str], side: str) -> list[str]:
        """Return the names on one side.

        Parameters
        ----------
        names : list of str
            Of an atlas's labels.
        side : {"left", "right"}
        """
        pattern = self.pattern.format(side=side[0].upper(), word=side)
        return [name for name in names if re.fullmatch(pattern, name, re.IGNORECASE)]


# Section 2
N_PARTICIPANTS = 1113
N_MEN = 507
N_WOMEN = 606
AGES = (22, 36)
N_MORPHOMETRY_FEATURES = 935

# Section 3.2 and 3.3
SHAPE = (58, 70, 58)
CHANNELS = (32, 64, 128)
N_FOLDS = 10
DRAWS = 10
# The paper gives no number of iterations; 300 is in the authors' code.
ITERATIONS = 300

# Table 1 (section 4.1) and section 4.2
ACCURACY = {
    "cnn": MeanSd(0.92, 0.03),
    "voxel_svm": MeanSd(0.90, 0.02),
    "xgboost": MeanSd(0.89, 0.02),
    "knn": MeanSd(0.85, 0.04),
    "logistic_regression": MeanSd(0.92, 0.03),
}
FA_ACCURACY = 0.933  # section 5: quoted from Xin et al. 2019, on FA images of these participants
TABLE1_MODELS = ("xgboost", "knn", "logistic_regression")

# Section 4.1, Fig. 1: regions named as most important, with HCP column patterns (fnmatch)
FIG1_REGIONS = {
    "corpus callosum": ("FS_CC_*",),
    "left and right insula": ("FS_?_Insula_*",),
    "thalamus": ("FS_?_Thalamus*",),
    "white-matter hypointensities": ("*Hypointens*",),
}

# Section 5: "the most discriminative in the Logistic Regression model"
TOP_FEATURE = "FS_CC_Posterior_Mean"

# Section 4.3: test images multiplied by the group masks of Meaningful Perturbations. The paper's
# classes are men and women; a run's positive class stands for men, its negative class for women.
MASKED_ACCURACY = {
    "positive": MeanSd(0.59, 0.18),
    "negative": MeanSd(0.59, 0.07),
    "conjoined": MeanSd(0.82, 0.12),
}

# Table 2 (section 4.3). Label values: the Brainnetome table (A13 = 50, A11l = 46, A39rd = 138,
# A9/46d = 16, TI = 117) and the 50-label ICBM-DTI-81 table, whose left/right order differs between
# published versions, so ICBM rows are compared by name.
TABLE2 = {
    "brainnetome": (
        Region("A13_R, orbital gyrus right", 50, 0.0131),
        Region("A11l_R, orbital gyrus right", 46, 0.0124),
        Region("A39rd_R, inferior parietal lobule right", 138, 0.0120),
        Region("A9/46d_R, middle frontal gyrus right", 16, 0.0118),
        Region("TI_L, parahippocampal gyrus left", 117, 0.0117),
    ),
    "icbm": (
        Region("Corticospinal tract right", 7, 0.1273),
        Region("Corticospinal tract left", 8, 0.0927),
        Region("Anterior corona radiata right", 23, 0.0594),
        Region("Pontine crossing tract", 2, 0.0580),
        Region("Cerebral peduncle left", 16, 0.0488),
    ),
}

# Regions of the atlases that Table 2's scores are normalised over: each sums to 1
TABLE2_REGIONS = {"brainnetome": 246, "icbm": 50}

# Section 5: regions named with one side, or with both sides and different scores (Table 2)
LATERALITY = (
    Lateral("inferior parietal lobule", "right", r"IPL_{side}_.*"),
    Lateral("parahippocampal gyrus", "left", r"PhG_{side}_.*"),
    Lateral("corticospinal tract", "right", r"(?=.*corticospinal)(?=.*\b{word}\b|.*\.{side}$).*"),
)
NETWORK = "fronto-parietal control"

# Section 4.5
THRESHOLDS = {"meaningful_perturbation": 0.65, "grad_cam": 0.65, "guided_backprop": 0.04}

# Table 3 (section 4.5). Called DICE there; the authors' code computes the share of agreeing voxels.
TABLE3 = {
    frozenset(("meaningful_perturbation", "grad_cam")): 0.94,
    frozenset(("meaningful_perturbation", "guided_backprop")): 0.94,
    frozenset(("grad_cam", "guided_backprop")): 0.93,
}

# Appendix A, Fig. 3: the negative class stands for women
FIRST_LAYER_FEATURES = 32
FIRST_LAYER_DIFFERENT = 31
FIRST_LAYER_LARGER_NEGATIVE = 10
FIRST_LAYER_LARGER_POSITIVE = 21

# Section 6: total times in the paper's own words, fastest method first
RUNTIME_WORDS = {
    "grad_cam": "within one minute",
    "guided_backprop": "up to several minutes",
    "meaningful_perturbation": "several hours",
}

# Atlases of white matter: their names begin with one of these
WHITE_MATTER = ("icbm", "jhu", "mori", "white_matter")


def _words(name: str) -> frozenset[str]:
    """Split a region's name into words, with sides spelled out and without brackets."""
    plain = re.sub(r"\(.*?\)", " ", name.lower())
    sides = {"r": "right", "l": "left"}
    return frozenset(sides.get(word, word) for word in re.findall(r"[a-z]+", plain))


def _published_atlas(atlas: str) -> str | None:
    """Return the paper's atlas that an atlas can be compared with, by the start of its name."""
    name = atlas.lower()
    if name.startswith("brainnetome"):
        return "brainnetome"
    return "icbm" if name.startswith(WHITE_MATTER) else None


def published_regions(atlas: str) -> tuple[Region, ...]:
    """Return the five rows of Table 2 that an atlas can be compared with.

    These are the rows of Brainnetome, or of white matter for a white-matter atlas. Any other atlas
    has no counterpart in the paper and no rows.
    """
    published = _published_atlas(atlas)
    return TABLE2[published] if published else ()


def published_count(atlas: str) -> int:
    """Return how many regions the scores of `published_regions` were normalised over.

    Raises
    ------
    KeyError
        The atlas has no counterpart in the paper.
    """
    published = _published_atlas(atlas)
    if published is None:
        raise KeyError(atlas)
    return TABLE2_REGIONS[published]


def same_region(atlas: str, published: Region, value: int, name: str) -> bool:
    """Tell whether a region of an atlas is the one that the paper names.

    Brainnetome's label values are fixed; white-matter tables exist with left and right exchanged,
    so their regions are compared by name.

    Parameters
    ----------
    atlas : str
    published : Region
        From `published_regions`.
    value : int
    name : str
        Label value and name of the region in the atlas.
    """
    if _published_atlas(atlas) == "brainnetome":
        return int(value) == published.value
    return _words(name) == _words(published.name)


def table2_scores(atlas: str, values: Iterable[int], names: Iterable[str]) -> list[float | None]:
    """Return Table 2's scores of an atlas's regions; None for regions that it does not name.

    Parameters
    ----------
    atlas : str
    values : iterable of int
    names : iterable of str
        Label values and names of the atlas's regions.
    """
    published = published_regions(atlas)
    return [
        next(
            (region.score for region in published if same_region(atlas, region, value, name)), None
        )
        for value, name in zip(values, names, strict=True)
    ]
