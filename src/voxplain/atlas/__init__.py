"""Atlases: parcellations in MNI152.

`labels` reads the volumes, `label_tables` the names, `place` checks orientation and position, and
`wheels` downloads the packages that hold atlases.
"""
