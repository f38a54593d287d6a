"""The edge: thin controllers that decode, make one call into `service.pipeline`, and return a struct.

`streams` takes in, `questions` asks, `models` tells of checkpoints and acts on them, `forgetting` forgets, `health` and
`observing` tell how it is; `access` says who may; `bodies` and `exchange` read what is sent, `answers` are sent as they
are, `problems` turns every error into one shape, `document` completes the OpenAPI document. `commands` are the other
end: they ask a running service.
"""
