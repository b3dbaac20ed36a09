"""What turns text into vectors. One file is one choice; the seam is `footnote.interfaces.Embedder`."""
