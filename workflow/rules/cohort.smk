"""Participants, labels and images: the synthetic cohort is made first, then read like any other."""

import hashlib

from voxplain.manifest import images_fingerprint

# Where each layout's images lie; `table` names its images itself.
IMAGE_PATTERNS = {
    "hcp": [
        "*/T1w/T1w_acpc_dc_restore_brain.nii.gz",
        "*/MNINonLinear/T1w_restore_brain.nii.gz",
        "*_3T_Structural_preproc.zip",
        "*/preproc/*_3T_Structural_preproc.zip",
    ],
    "bids": [
        f"sub-*/{folders}/*_{kind}.nii*"
        for folders in ("*", "*/*")
        for kind in ("T1w", "desc-brain_mask")
    ],
    "oasis": ["OAS1_*/mwrc1*"],
}


def cohort_files(_):
    """Tables that a cohort is read from."""
    if SYNTHETIC:
        return {"table": P.source_participants, "morphometry": P.source_morphometry}
    root = Path(config["cohort_root"])
    names = [
        LAYOUT_SETTINGS.get(key)
        for key in ("participants", "behavioural", "restricted")
    ]
    files = {"table": [root / name for name in names if name]}
    if HAS_MORPHOMETRY:
        tables = LAYOUT_SETTINGS["morphometry"]
        tables = [tables] if isinstance(tables, str) else tables
        files["morphometry"] = [root / table for table in tables]
    return files


def image_files():
    """What downsampling depends on beside the table: sizes and times of the images themselves."""
    if SYNTHETIC:
        return "made here"
    root = Path(config["cohort_root"])
    if LAYOUT == "table":
        return images_fingerprint(
            root, LAYOUT_SETTINGS["participants"], LAYOUT_SETTINGS["image"]
        )
    folder = root / (LAYOUT_SETTINGS.get("derivatives") or "")
    images = sorted(
        path for pattern in IMAGE_PATTERNS[LAYOUT] for path in folder.glob(pattern)
    )
    digest = hashlib.sha256()
    for path in filter(Path.exists, images):
        stat = path.stat()
        digest.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


if SYNTHETIC:

    rule plan_cohort:
        input:
            labels=expand(P.atlas_labels, atlas=ATLASES),
            names=expand(P.atlas_names, atlas=ATLASES),
        output:
            plan=P.plan,
            weights=P.effect_weights,
            truth=P.truth,
            truth_names=P.truth_names,
        log:
            P.log("plan_cohort"),
        benchmark:
            P.benchmark("plan_cohort")
        conda:
            ENVIRONMENT
        params:
            settings=config["cohort"]["synthetic"],
            classes=CLASSES,
            atlases=list(ATLASES),
            seed=config["seed"],
            code=code("plan_cohort.py"),
        script:
            "../scripts/plan_cohort.py"

    rule make_images:
        input:
            plan=P.plan,
            weights=P.effect_weights,
            labels=expand(P.atlas_labels, atlas=ATLASES),
            names=expand(P.atlas_names, atlas=ATLASES),
        output:
            images=directory(P.source_images),
            rows=P.source_rows,
        log:
            P.log("make_images", "batch-{batch}"),
        benchmark:
            P.benchmark("make_images", "batch-{batch}")
        conda:
            ENVIRONMENT
        params:
            settings=config["cohort"]["synthetic"],
            n_batches=len(BATCHES),
            atlases=list(ATLASES),
            seed=config["seed"],
            code=code("make_images.py"),
        script:
            "../scripts/make_images.py"

    rule gather_cohort:
        input:
            plan=P.plan,
            images=expand(P.source_images, batch=BATCHES),
            rows=expand(P.source_rows, batch=BATCHES),
        output:
            participants=P.source_participants,
            morphometry=P.source_morphometry,
        log:
            P.log("gather_cohort"),
        benchmark:
            P.benchmark("gather_cohort")
        conda:
            ENVIRONMENT
        params:
            code=code("gather_cohort.py"),
        script:
            "../scripts/gather_cohort.py"


rule read_cohort:
    input:
        unpack(cohort_files),
    output:
        participants=P.participants,
        morphometry=P.morphometry if HAS_MORPHOMETRY else [],
        left_out=P.left_out,
    log:
        P.log("read_cohort"),
    benchmark:
        P.benchmark("read_cohort")
    conda:
        ENVIRONMENT
    params:
        layout=LAYOUT,
        root=P.source if SYNTHETIC else config["cohort_root"],
        settings=LAYOUT_SETTINGS,
        space=config["cohort"]["space"],
        contrast=config["cohort"]["contrast"],
        classes=config["cohort"]["classes"],
        exclude=config["cohort"]["exclude"],
        on_missing=config["cohort"]["on_missing"],
        images=image_files(),
        n_splits=config["folds"]["n_splits"],
        code=code("read_cohort.py"),
    script:
        "../scripts/read_cohort.py"
