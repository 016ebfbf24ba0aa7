"""A study of energies learned from persistence histograms, for any material."""
