"""The self-contained HTML report, the table of the paper's claims and the terminal summary."""

from voxplain.report.page import build

__all__ = ["build"]
