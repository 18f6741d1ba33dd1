"""The embedded cohort: simulated T1-weighted images with a planted effect."""
