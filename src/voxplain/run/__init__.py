"""What every part of a run uses: configuration, paths, files, logs, lock, manifest."""
