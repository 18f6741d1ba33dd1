"""Images as files, voxels and millimetres."""
