"""The self-contained HTML report, the table of the paper's claims and the terminal summary."""

from voxplain.report.page import build, captions
from voxplain.report.quality_page import quality_page

__all__ = ["build", "captions", "quality_page"]
