"""Inner products of all volumes, once for every fold of the voxel SVM."""

from voxplain.baselines.voxel_svm import gram_matrix
from voxplain.image.stack import Stack
from voxplain.run.files import write_array
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    gram, sums = gram_matrix(Stack(snakemake.input.volumes))
    write_array(snakemake.output.gram, gram)
    write_array(snakemake.output.sums, sums)
