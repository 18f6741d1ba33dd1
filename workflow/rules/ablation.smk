"""How the settings of Meaningful Perturbations change its maps: `snakemake ablation`."""


rule ablation:
    input:
        P.table("ablation"),


rule ablation_knob:
    input:
        participants=P.participants,
        volumes=P.volumes,
        brain_mask=P.brain_mask,
        split=P.split.format(fold=RUN.robustness_fold),
        model=P.cnn_model.format(fold=RUN.robustness_fold),
        truth=P.truth if RUN.has_truth else [],
        truth_names=P.truth_names if RUN.has_truth else [],
    output:
        rows=P.ablation_rows,
        curves=P.ablation_curves,
    log:
        P.log("ablation_knob", "{knob}"),
    benchmark:
        P.benchmark("ablation_knob", "{knob}")
    wildcard_constraints:
        knob="|".join([*config["evaluation"]["ablation"]["knobs"], "paper"]),
    conda:
        ENVIRONMENT
    threads: config["threads"]
    resources:
        gpu=config["gpu"],
        mem_mb=MEMORY.of("ablation_knob"),
    params:
        values=lambda wildcards: config["evaluation"]["ablation"]["knobs"].get(
            wildcards.knob, []
        ),
        participants=config["evaluation"]["ablation"]["participants"],
        settings=config["attribution"]["meaningful_perturbation"],
        target=config["attribution"]["target"],
        sigma=config["evaluation"]["faithfulness"]["sigma"],
        equal_area=config["evaluation"]["equal_area"],
        network=RUN.network,
        seed=config["seed"],
        gpu=config["gpu"],
        threads=config["threads"],
        code=code("ablation_knob.py"),
    script:
        "../scripts/ablation_knob.py"


rule ablation_table:
    input:
        rows=expand(P.ablation_rows, knob=[*RUN.knobs, "paper"]),
        curves=expand(P.ablation_curves, knob=[*RUN.knobs, "paper"]),
    output:
        table=P.table("ablation"),
        figure=figure("ablation", "Explanation", "ablation"),
        convergence=figure(
            "ablation_convergence", "Explanation", "ablation, convergence"
        ),
    log:
        P.log("ablation_table"),
    benchmark:
        P.benchmark("ablation_table")
    conda:
        ENVIRONMENT
    params:
        score="auc" if RUN.has_truth else "fall",
        code=code("ablation_table.py"),
    script:
        "../scripts/ablation_table.py"
