"""The paper's claims: each beside what a run gives, with a verdict by rule."""
