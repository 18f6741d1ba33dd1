"""The network: one model per fold, and the paper's model of the whole cohort (fold "all")."""

if RUN.has_own_network:

    rule check_network:
        # Depends only on what training depends on, so it never causes a new training.
        output:
            P.cnn_check,
        log:
            P.log("check_network"),
        benchmark:
            P.benchmark("check_network")
        priority: 100
        conda:
            ENVIRONMENT
        threads: config["threads"]
        resources:
            gpu=config["gpu"],
            mem_mb=MEMORY.of("check_network"),
        params:
            network=RUN.network,
            gpu=config["gpu"],
            threads=config["threads"],
            code=code("check_network.py"),
        script:
            "../scripts/check_network.py"


rule train_cnn:
    input:
        check=P.cnn_check if RUN.has_own_network else [],
        participants=COHORT.participants,
        volumes=COHORT.volumes,
        grid=COHORT.grid,
        split=P.split,
    output:
        model=MODELS.cnn_model,
        history=MODELS.cnn_history,
        metrics=MODELS.cnn_metrics,
        predictions=MODELS.predictions.format(model="cnn", fold="{fold}"),
    log:
        P.log("train_cnn", "fold-{fold}"),
    benchmark:
        P.benchmark("train_cnn", "fold-{fold}")
    conda:
        ENVIRONMENT
    threads: config["threads"]
    resources:
        gpu=config["gpu"],
        mem_mb=MEMORY.of("train_cnn"),
    params:
        network=RUN.network,
        checkpoint=P.cnn_checkpoint,
        settings=RUN.training,
        input=RUN.model_input,
        seed=config["seed"],
        gpu=config["gpu"],
        threads=config["threads"],
        code=code("train_cnn.py"),
    script:
        "../scripts/train_cnn.py"
