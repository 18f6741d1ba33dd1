"""Try a user's own network on the run's grid before any fold is trained."""

from voxplain.network.cnn import check_network
from voxplain.network.device import prepare_device
from voxplain.run.files import write_json
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    p = snakemake.params
    device = prepare_device(p.threads, p.gpu)
    model = check_network(p.network["source"], p.network["arguments"], device)
    print(model)
    n_parameters = sum(parameter.numel() for parameter in model.parameters())
    write_json(snakemake.output[0], {**p.network, "parameters": n_parameters})
