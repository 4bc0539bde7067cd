"""Training: labelled sentences in, a model folder out. Needs `pip install "stancewire[train]"`."""
