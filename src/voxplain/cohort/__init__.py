"""Who is in a study: participants, their images and tables, checks, quality and folds."""
