"""What attribution maps are like: group means, overlap, similarity, localisation."""
