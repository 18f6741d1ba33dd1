"""Registration: from a participant's own space to MNI152, and what is known of it afterwards."""
