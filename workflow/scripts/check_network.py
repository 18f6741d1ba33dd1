"""Try a user's own network on the run's grid before any fold is trained."""

from voxplain.network.check import check_network
from voxplain.network.device import prepare_device
from voxplain.run.files import write_json
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    params = snakemake.params
    device = prepare_device(params.threads, params.gpu)
    model = check_network(params.network["source"], params.network["arguments"], device)
    print(model)
    n_parameters = sum(parameter.numel() for parameter in model.parameters())
    write_json(snakemake.output[0], {**params.network, "parameters": n_parameters})
