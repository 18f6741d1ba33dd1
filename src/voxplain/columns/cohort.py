"""Tables of the cohort."""

from voxplain.columns.entry import Column, table

COHORT = {
    "participants": table(
        "The participants.",
        "participant_id image mask transform label class_name family_id age age_band tiv site",
        image=Column("image", "File of the image."),
        mask=Column("mask", "File of the brain mask, if the cohort has one."),
        transform=Column("transform", "File of the transform to MNI152, if there is one."),
        label=Column("label", "0: negative class, 1: positive class."),
        family_id=Column("family", "Family; participants of one family share it."),
        age=Column("age", "Age.", "years"),
        age_band=Column("age band", "Range of the age, if only that is known."),
        tiv=Column("head size", "Head size (total intracranial volume).", "ml"),
    ),
    "derivatives_participants": table(
        "The participants of the exported BIDS dataset.",
        "participant_id source_id group fold",
        participant_id=Column("participant", "Label of the participant in this dataset."),
        source_id=Column("source", "Identifier of the participant in the source dataset."),
        group=Column("group", "Class of the participant, which the models learnt to predict."),
        fold=Column("fold", "Fold whose networks had not seen the participant."),
    ),
    "left_out": table(
        "Excluded participants.",
        "participant_id reason",
        reason=Column("reason", "Why the participant was excluded."),
    ),
    "quality": table(
        "Quality control of the images.",
        "participant_id shape orientation voxel_sizes_mm minimum maximum foreground_ml "
        "foreground_share foreground_mean site correlation robust_z volume_z brightness_z reason "
        "outlier",
        shape=Column("shape", "Voxels along each axis of the file."),
        orientation=Column("orientation", "Axes of the file, such as RAS."),
        voxel_sizes_mm=Column("voxel sizes, mm", "Voxel sizes of the file.", "mm"),
        minimum=Column("minimum", "Lowest value of the file."),
        maximum=Column("maximum", "Highest value of the file."),
        foreground_ml=Column("foreground, ml", "Volume of the foreground.", "ml"),
        foreground_share=Column("foreground share", "Share of the box that is foreground."),
        foreground_mean=Column("foreground mean", "Mean value of the foreground."),
        correlation=Column("correlation", "Correlation with the mean of all others."),
        robust_z=Column("robust z", "Robust z score of the correlation."),
        volume_z=Column("volume z", "Robust z score of the foreground's volume."),
        brightness_z=Column("brightness z", "Robust z score of the foreground's mean."),
        reason=Column("reason", "Why the image is an outlier."),
        outlier=Column("outlier", "Whether the image should be checked."),
    ),
}
