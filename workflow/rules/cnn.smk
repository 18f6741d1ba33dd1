"""The CNN: one model per fold, and the paper's model of the whole cohort (fold "all")."""


rule train_cnn:
    input:
        participants=P.participants,
        volumes=P.volumes,
        split=P.split,
    output:
        model=P.cnn_model,
        history=P.cnn_history,
        metrics=P.cnn_metrics,
        predictions=P.predictions.format(model="cnn", fold="{fold}"),
    log:
        P.log("train_cnn", "fold-{fold}"),
    benchmark:
        P.benchmark("train_cnn", "fold-{fold}")
    conda:
        ENVIRONMENT
    threads: config["threads"]
    resources:
        gpu=config["gpu"],
    params:
        settings=config["cnn"],
        seed=config["seed"],
        gpu=config["gpu"],
        code=code("train_cnn.py"),
    script:
        "../scripts/train_cnn.py"
