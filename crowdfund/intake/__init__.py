"""An existing file of donors, brought by the museum: looked at first, taken in with the proof of each consent, taken back."""
