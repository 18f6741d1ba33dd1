"""One module a method, or a family of them; `voxplain.attribution` has their functions by name."""
