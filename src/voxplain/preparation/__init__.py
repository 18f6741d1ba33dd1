"""Registration of images to MNI152, and their provenance."""
