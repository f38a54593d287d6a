"""From outcomes to labels.

`book` holds what is true of each device after all corrections; `watermark` says how far event time has surely come;
`pending` keeps the examples until they are due; `join` makes the label; `sampling` chooses what is learned and kept;
`corrected` says what became of a label that was final; `silence` notices that outcomes have stopped arriving.
"""
