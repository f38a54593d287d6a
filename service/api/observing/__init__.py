"""Endpoints and the outermost layer by which the service is watched: traces, metrics, status, the live stream."""
