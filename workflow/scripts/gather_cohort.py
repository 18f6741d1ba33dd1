"""Join the batches of the synthetic cohort into the two tables that a user's study would have."""

from voxplain.run.files import read_table, read_tables, write_table
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    plan = read_table(snakemake.input.plan)
    rows = read_tables(snakemake.input.rows)
    about = ["participant_id", "image", "tiv"]
    participants = plan.merge(rows[about], on="participant_id", validate="one_to_one")
    write_table(snakemake.output.participants, participants)
    write_table(snakemake.output.morphometry, rows.drop(columns=["image", "tiv"]))
    print(participants["class_name"].value_counts().to_string())
