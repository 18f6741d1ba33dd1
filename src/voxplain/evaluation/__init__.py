"""Evaluation of attribution maps: group maps, nulls, overlap, localisation, masked accuracy."""
