"""Longer studies that are not part of `rule all` and run on request."""

# What the study of a point runs: its results depend on this code, as the run's own do.
POINT_SCRIPTS = [
    "atlas.py",
    "plan_cohort.py",
    "make_images.py",
    "gather_cohort.py",
    "read_cohort.py",
    "downsample.py",
    "stack_volumes.py",
    "make_folds.py",
    "train_cnn.py",
    "explain.py",
    "faithfulness_fold.py",
    "group_maps.py",
    "localisation.py",
]


rule truth:
    # When each method can be trusted: over cohort sizes and effect sizes, with a known truth.
    input:
        P.table("truth"),
        P.figure("truth"),


rule truth_point:
    # A complete study of a separate cohort, run by a separate Snakemake in a separate folder.
    input:
        wheels=expand(
            P.wheel,
            wheel=sorted(
                {atlas["wheel"] for atlas in config["atlases"] if "wheel" in atlas}
            ),
        ),
    output:
        accuracy=P.truth_accuracy,
        localisation=P.truth_localisation,
        controls=P.truth_controls,
    log:
        P.log("truth_point", "n-{n}_effect-{effect}"),
    benchmark:
        P.benchmark("truth_point", "n-{n}_effect-{effect}")
    conda:
        ENVIRONMENT
    # Checked for each job, because a cluster profile has no total number of cores.
    threads: lambda _: workflow.cores
    resources:
        gpu=config["gpu"],
        mem_mb=MEMORY.of_study,
    params:
        config=RUN.settings,
        n_splits=config["evaluation"]["truth"]["n_splits"],
        snakefile=str(Path(workflow.basedir) / "Snakefile"),
        code=code("truth_point.py", *POINT_SCRIPTS, chosen=chosen_by_point),
    script:
        "../scripts/truth_point.py"


rule truth_table:
    input:
        accuracy=expand(
            P.truth_accuracy,
            n=config["evaluation"]["truth"]["n_subjects"],
            effect=config["evaluation"]["truth"]["effect_size"],
        ),
        localisation=expand(
            P.truth_localisation,
            n=config["evaluation"]["truth"]["n_subjects"],
            effect=config["evaluation"]["truth"]["effect_size"],
        ),
        controls=expand(
            P.truth_controls,
            n=config["evaluation"]["truth"]["n_subjects"],
            effect=config["evaluation"]["truth"]["effect_size"],
        ),
    output:
        table=P.table("truth"),
        figure=figure("truth", "Explanation", "truth"),
    log:
        P.log("truth_table"),
    benchmark:
        P.benchmark("truth_table")
    conda:
        ENVIRONMENT
    params:
        points=[
            (n, e)
            for n in config["evaluation"]["truth"]["n_subjects"]
            for e in config["evaluation"]["truth"]["effect_size"]
        ],
        code=code("truth_table.py"),
    script:
        "../scripts/truth_table.py"
