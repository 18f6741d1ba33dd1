"""Atlases: parcellations in MNI152 and what maps do in their regions.

`labels` reads them, `place` checks where they lie, `overlap` makes the tables, `wheels` fetches.
"""
