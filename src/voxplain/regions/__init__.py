"""What a map does in the regions of an atlas."""
