"""Anti-aliased downsampling of one NIfTI file, where users import it from."""

from voxplain.image.downsample import downsample_nifti as downsample_nifti
