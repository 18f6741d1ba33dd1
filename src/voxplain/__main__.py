"""``python -m voxplain``: the ``voxplain`` command where it is not on the path."""

from voxplain.cli import app

app(prog_name="voxplain")
