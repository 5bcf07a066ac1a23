"""Training, artifacts and the one scorer of Scorehouse."""
