"""How much of a cohort memory holds at a time; what `voxplain check` says of memory rests on it."""

EXACT_TO = 10_000  # participants of an exact voxel SVM: a Gram matrix of 0.8 GB, 3.2 GB in a fit
LANDMARKS = 2_000  # participants whose inner products with everybody are kept beyond
GRAM_VALUES = 2**25  # of a block of voxels of everybody, float64: 0.27 GB
PART_VOXELS = 2**24  # of the images that are explained together: 67 MB, and as much of maps
MAP_VALUES = 2**25  # of a block of voxels, of all maps or all permutations
