"""Tests and intervals over folds, families and smooth random maps."""
