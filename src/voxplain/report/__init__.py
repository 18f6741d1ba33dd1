"""The self-contained HTML report, the pages of participants and pairs of runs, and a summary."""

from voxplain.report.page import captions, render_report
from voxplain.report.quality_page import quality_page
from voxplain.report.results import RunResults

__all__ = ["RunResults", "captions", "quality_page", "render_report"]
