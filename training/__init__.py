"""Training: labelled sentences in, a model folder out. Needs `pip install "stancewire[train]"`.

What to label (`suggest`) and labels out to tools and back (`exchange`, `merge`) need nothing more.
"""
