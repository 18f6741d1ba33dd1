"""How the settings of Meaningful Perturbations change its maps: `snakemake ablation`."""


rule ablation:
    input:
        P.table("ablation"),


rule ablation_knob:
    input:
        participants=P.participants,
        volumes=P.volumes,
        brain_mask=P.brain_mask,
        split=P.split.format(fold=ROBUSTNESS["fold"]),
        model=P.cnn_model.format(fold=ROBUSTNESS["fold"]),
        truth=P.truth if HAS_TRUTH else [],
        truth_names=P.truth_names if HAS_TRUTH else [],
    output:
        rows=P.ablation_rows,
        curves=P.ablation_curves,
    log:
        P.log("ablation_knob", "{knob}"),
    benchmark:
        P.benchmark("ablation_knob", "{knob}")
    wildcard_constraints:
        knob="|".join([*ABLATION["knobs"], "paper"]),
    conda:
        ENVIRONMENT
    threads: config["threads"]
    resources:
        gpu=config["gpu"],
        mem_mb=memory("ablation_knob"),
    params:
        values=lambda wildcards: ABLATION["knobs"].get(wildcards.knob, []),
        participants=ABLATION["participants"],
        settings=config["attribution"]["meaningful_perturbation"],
        target=config["attribution"]["target"],
        sigma=config["evaluation"]["faithfulness"]["sigma"],
        equal_area=config["evaluation"]["equal_area"],
        network=NETWORK,
        seed=config["seed"],
        gpu=config["gpu"],
        threads=config["threads"],
        code=code("ablation_knob.py"),
    script:
        "../scripts/ablation_knob.py"


rule ablation_table:
    input:
        rows=expand(P.ablation_rows, knob=[*KNOBS, "paper"]),
        curves=expand(P.ablation_curves, knob=[*KNOBS, "paper"]),
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
        score="auc" if HAS_TRUTH else "fall",
        code=code("ablation_table.py"),
    script:
        "../scripts/ablation_table.py"
