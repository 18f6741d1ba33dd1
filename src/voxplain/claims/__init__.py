"""The paper's claims: each with the numbers of a run and a verdict by rule."""
