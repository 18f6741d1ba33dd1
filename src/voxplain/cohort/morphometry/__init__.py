"""Tables of measured structures: FreeSurfer's, the HCP's, or anybody's."""
