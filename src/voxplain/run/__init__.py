"""Shared by all parts of a run: configuration, paths, files, logs, lock, manifest."""
