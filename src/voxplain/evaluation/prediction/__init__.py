"""How well models predict, with uncertainty, nulls and confounds."""
