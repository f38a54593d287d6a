"""The edge: thin controllers that decode, make one call into `service.pipeline`, and return a struct.

`streams` takes in, `questions` asks, `models` tells of checkpoints and acts on them, `health` tells how it is;
`bodies` and `exchange` read what is sent, `problems` turns every error into one shape, `document` completes the
OpenAPI document.
"""
