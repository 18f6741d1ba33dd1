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
        group_maps=expand(P.group_maps, method=METHODS),
        maps=expand(P.maps, method=METHODS, fold=MAP_FOLDS),
        rows=expand(P.map_rows, method=METHODS, fold=MAP_FOLDS),
        models=expand(P.cnn_model, fold=MAP_FOLDS),
    output:
        directory(P.derivatives),
    log:
        P.log("derivatives"),
    benchmark:
        P.benchmark("derivatives")
    conda:
        ENVIRONMENT
    params:
        config=SETTINGS,
        methods=METHODS,
        folds=MAP_FOLDS,
        groups=GROUPS,
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
        code=code("crate.py"),
    script:
        "../scripts/crate.py"
