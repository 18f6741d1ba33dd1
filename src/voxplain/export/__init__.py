"""A run in standard forms: a BIDS derivatives dataset, a Workflow Run RO-Crate."""
