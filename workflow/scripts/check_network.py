"""Try a user's own network on the run's grid before any fold is trained."""

from voxplain import compute
from voxplain.files import write_json
from voxplain.logs import job_log
from voxplain.network import check_network

with job_log(snakemake.log[0]):
    p = snakemake.params
    device = compute.prepare(p.threads, p.gpu)
    model = check_network(p.network["source"], p.network["arguments"], device)
    print(model)
    n_parameters = sum(parameter.numel() for parameter in model.parameters())
    write_json(snakemake.output[0], {**p.network, "parameters": n_parameters})
