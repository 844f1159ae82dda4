"""From a scene to a picture: what is in sight, film and lens, several people, contact sheets."""
