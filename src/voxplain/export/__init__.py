"""A run in the forms that others read: a BIDS derivatives dataset, a Workflow Run RO-Crate."""
