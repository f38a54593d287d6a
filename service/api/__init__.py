"""The edge: thin controllers that decode, make one call into `service.pipeline.service`, and return a struct.

`streams` takes in, `questions` asks, `health` tells how it is; `bodies` and `exchange` read what is sent, `problems`
turns every error into one shape, `document` completes the OpenAPI document.
"""
