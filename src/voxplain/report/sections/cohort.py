"""The participants, those excluded and why, and the images that should be checked."""

import pandas as pd

from voxplain.report.blocks import Block, Note, Text, command, picture
from voxplain.report.results import RunResults
from voxplain.report.tables import table
from voxplain.run.paths import RunPaths

PAGE = "quality.html"
SUMMARY = {
    "age_mean": "age, years, mean",
    "head_size_ml_mean": "head size, ml, mean",
    "head_size_ml_sd": "head size, ml, sd",
}
OUTLIER_COLUMNS = ("participant_id", "site", "reason", "correlation", "foreground_ml")


def cohort(results: RunResults) -> list[Block]:
    """Assemble the section."""
    return [
        *_participants(results.participants),
        *_page_on_request(results),
        *_sites(results.participants, results.quality),
        *_left_out(results.left_out),
        *_quality(results),
    ]


def _participants(people: pd.DataFrame | None) -> list[Block]:
    if people is None:
        return [Note("This page has no table of participants.")]
    grouped = people.groupby("class_name", sort=True)
    summary = pd.DataFrame(
        {
            "participants": grouped.size(),
            "age_mean": grouped["age"].mean() if _numeric(people, "age") else float("nan"),
            "head_size_ml_mean": grouped["tiv"].mean() if _numeric(people, "tiv") else None,
            "head_size_ml_sd": grouped["tiv"].std() if _numeric(people, "tiv") else None,
            "in_a_family_group": grouped["family_id"].count(),
        }
    ).reset_index(names="class")
    return [table(summary, "table-cohort", "Participants by class.", labels=SUMMARY)]


def _page_on_request(results: RunResults) -> list[Block]:
    people = results.participants
    if people is None:
        return []
    page = RunPaths(results.run).participant_page
    page = page.format(participant=people["participant_id"].iloc[0])
    return [
        Text(
            "To make a page of one participant with image, maps and predictions: "
            f"{command(results, page)}."
        )
    ]


def _sites(people: pd.DataFrame | None, quality: pd.DataFrame | None) -> list[Block]:
    """Compare the sites, if there are several."""
    if people is None or "site" not in people or people["site"].nunique() < 2:
        return []
    sites = people["site"].fillna("unknown")
    counts = pd.crosstab(sites.to_numpy(), people["class_name"].to_numpy())
    if quality is not None:
        known = quality.set_index("participant_id").loc[people["participant_id"]]
        grouped = known.groupby(sites.to_numpy())
        counts["median_correlation"] = grouped["correlation"].median()
        counts["median_foreground_ml"] = grouped["foreground_ml"].median()
        counts["median_brightness"] = grouped["foreground_mean"].median()
        counts["outliers"] = grouped["outlier"].sum()
    return [
        table(
            counts.reset_index(names="site"),
            "table-sites",
            "Sites. The table of confounds shows how well the site alone predicts the class. "
            "Outliers are determined within each site of ten or more participants.",
        )
    ]


def _left_out(left_out: pd.DataFrame | None) -> list[Block]:
    if left_out is None:
        return []
    if left_out.empty:
        return [Text("No participants were excluded.")]
    return [
        table(
            left_out,
            "table-left-out",
            f"Excluded participants ({len(left_out)}), each with the reason.",
            "cohort/left_out.tsv",
            folded=len(left_out) > 10,
        )
    ]


def _quality(results: RunResults) -> list[Block]:
    blocks: list[Block] = [
        picture(
            results,
            "quality",
            "Quality control. Middle slices of the cohort's mean and of the participants to check "
            "first: outliers, then those that correlate least with the mean.",
            "Sagittal, coronal and axial slices of the mean brain and of the least typical brains",
        )
    ]
    quality = results.quality
    if quality is None:
        return [*blocks, Note("There is no quality-control table.")]
    outliers = quality[quality["outlier"]]
    if len(outliers):
        blocks.append(
            table(
                outliers[[name for name in OUTLIER_COLUMNS if name in outliers]],
                "table-outliers",
                f"{len(outliers)} of {len(quality)} images are outliers; all images are in",
                PAGE,
            )
        )
    else:
        blocks.append(
            Text(
                f"None of {len(quality)} images is an outlier; [{PAGE}]({PAGE}) shows all of them."
            )
        )
    blocks.append(
        table(
            quality,
            "table-quality",
            f"Quality control of {len(quality)} images.",
            "volumes/quality.tsv",
            folded=True,
        )
    )
    return blocks


def _numeric(data: pd.DataFrame, column: str) -> bool:
    return pd.api.types.is_numeric_dtype(data[column]) and data[column].notna().any()
