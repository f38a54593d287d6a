"""Peers: what the service is measured against, each a process of its own. Development dependencies only.

``fastapi_river``  FastAPI, pydantic and River on uvicorn: predicts and learns reading by reading, keeps nothing
``bare_river``     River alone in a loop, over readings that were decoded before
``wire``           the wire's ceiling: decodes a body into our own `Reading` structs, on the same server, and answers
``empty``          an empty POST in Litestar, on the same server

The peers with River are given every advantage that is not absurd. The label comes with the reading, so nothing waits,
is joined or kept. The features are a reading's raw metrics, a tenth of ours. Nothing is written to disk. Their forest
is young. Their answer is a count, as ours is.
"""
