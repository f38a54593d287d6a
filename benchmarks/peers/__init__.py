"""Peers: what the service is measured against, each a process of its own. Development dependencies only.

``fastapi_river``  FastAPI, pydantic and River on uvicorn: predicts and learns reading by reading, keeps nothing
``bare_river``     River alone in a loop, over readings that were decoded before
``wire``           the wire's ceiling: decodes a body into our own `Reading` structs, on the same server, and answers
``empty``          an empty POST in Litestar, on the same server

The peers with River have less to do. The label comes with the reading, so nothing waits, is joined or kept. They see
what stands in the reading itself (metrics, types, hour and weekday), and nothing of the device's past. Nothing is
written to disk. Their answer is a count, as ours is. ``numbers`` sees even less: the metrics alone.
"""
