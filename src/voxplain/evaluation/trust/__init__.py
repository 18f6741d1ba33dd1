"""Whether maps can be believed: deletion, masking, sanity, stability, ablation."""
