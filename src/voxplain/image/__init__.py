"""NIfTI images: files, grids, averaging, intensities, and stacks of volumes."""
