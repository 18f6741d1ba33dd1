"""Trustworthy voxel-wise explanation of 3D CNNs on brain MRI."""

__version__ = "0.1.0"
