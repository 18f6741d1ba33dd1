"""The network: architecture, training, checkpoints, device, and the form of its images."""
