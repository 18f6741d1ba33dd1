"""Tables of what a map marks in the regions of an atlas."""
