"""The ``voxplain`` command: one module per subcommand, the work being done by the package.

Nothing heavy is imported before a subcommand runs, so that help and completion answer at once.
"""

from voxplain.cli.commands import app

__all__ = ["app"]
