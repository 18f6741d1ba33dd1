"""Export of the run: its maps as BIDS derivatives, its provenance as a Workflow Run RO-Crate."""


rule export:
    input:
        P.derivatives,
        P.crate,


rule derivatives:
    input:
        participants=P.participants,
        folds=P.folds,
        grid=P.grid,
        provenance=P.provenance,
        group_maps=expand(P.group_maps, method=RUN.methods),
        maps=expand(P.maps, method=RUN.methods, fold=RUN.map_folds),
        rows=expand(P.map_rows, method=RUN.methods, fold=RUN.map_folds),
        models=expand(P.cnn_model, fold=RUN.map_folds),
    output:
        directory(P.derivatives),
    log:
        P.log("derivatives"),
    benchmark:
        P.benchmark("derivatives")
    conda:
        ENVIRONMENT
    params:
        config=RUN.settings,
        methods=RUN.methods,
        folds=RUN.map_folds,
        groups=RUN.groups,
        code=code("derivatives.py"),
    script:
        "../scripts/derivatives.py"


rule crate:
    input:
        manifest=P.manifest,
        provenance=P.provenance,
    output:
        crate=P.crate,
        folder=directory(P.crate_code),
    log:
        P.log("crate"),
    benchmark:
        P.benchmark("crate")
    conda:
        ENVIRONMENT
    params:
        basedir=workflow.basedir,
        benchmarks=P.benchmarks,
        code=code("crate.py"),
    script:
        "../scripts/crate.py"
