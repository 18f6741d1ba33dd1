"""Studies of their own, not part of `rule all`: each is asked for by name and takes its time."""


rule truth:
    # When can each method be believed: over cohort sizes and effect sizes, with a known truth.
    input:
        P.table("truth"),
        P.figure("truth"),


rule truth_point:
    # One whole study of a cohort of its own, by a Snakemake of its own in a folder of its own.
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
    # Asked of a job, not of the file: a cluster's profile has no number of cores in all.
    threads: lambda _: workflow.cores
    resources:
        gpu=config["gpu"],
        mem_mb=memory_of_study,
    params:
        config=SETTINGS,
        n_splits=TRUTH["n_splits"],
        snakefile=str(Path(workflow.basedir) / "Snakefile"),
        code=code("truth_point.py"),
    script:
        "../scripts/truth_point.py"


rule truth_table:
    input:
        accuracy=expand(
            P.truth_accuracy, n=TRUTH["n_subjects"], effect=TRUTH["effect_size"]
        ),
        localisation=expand(
            P.truth_localisation, n=TRUTH["n_subjects"], effect=TRUTH["effect_size"]
        ),
        controls=expand(
            P.truth_controls, n=TRUTH["n_subjects"], effect=TRUTH["effect_size"]
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
        points=[(n, e) for n in TRUTH["n_subjects"] for e in TRUTH["effect_size"]],
        code=code("truth_table.py"),
    script:
        "../scripts/truth_table.py"
