"""Errors that users see.

Every message names the file, participant or setting, and says what is wrong and what to do.
"""


class VoxplainError(Exception):
    """Base class of the errors that the user's input causes, not the program."""


class ConfigError(VoxplainError):
    """A setting that is unknown, impossible or contradicts another."""


class CohortError(VoxplainError):
    """The participants or morphometry table cannot be used as it stands."""


class ImageError(VoxplainError):
    """An image file that is missing, damaged or not a 3-D volume of finite numbers."""


class GridMismatchError(VoxplainError):
    """Volumes that should lie on the same voxel grid do not."""


class LeakageError(VoxplainError):
    """A participant or a family is on both sides of a split into training and test set."""


class AtlasError(VoxplainError):
    """An atlas or its label table is missing, damaged or inconsistent."""


class DownloadError(VoxplainError):
    """A downloaded file is missing, damaged or not the pinned version."""


class SpaceError(VoxplainError):
    """Images and atlas are not in the same space."""


class TransformError(VoxplainError):
    """A spatial transform that is missing, damaged or does not lead to MNI152."""


class AttributionError(VoxplainError):
    """A network, layer or target that an attribution method cannot explain."""


class RunLockError(VoxplainError):
    """The run's folder is locked by another run, or cannot be written to."""


class StorageError(VoxplainError):
    """A file could not be written: the disk is full or read-only."""


class TrainingError(VoxplainError):
    """Training cannot continue because the loss is not finite."""
