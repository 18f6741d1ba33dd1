"""How much of a cohort is in memory at a time; `voxplain check` predicts memory from these."""

EXACT_TO = 10_000  # participants: an exact voxel SVM, with a Gram matrix of 0.8 GB, 3.2 GB in a fit
LANDMARKS = 2_000  # participants: of a larger cohort, inner products with these alone are kept
GRAM_VALUES = 2**25  # float64 values in a block of voxels of all participants: 0.27 GB
PART_VOXELS = 2**24  # voxels of the images explained together: 67 MB, and as much for their maps
MAP_VALUES = 2**25  # values in a block of voxels of all maps or all permutations
