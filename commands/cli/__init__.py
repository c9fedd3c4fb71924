"""The keyboard of whoever writes: options in, one command out, one sentence back."""
