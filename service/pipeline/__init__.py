"""The story, read in this order: `ingest`, `score`, `learn`, `replay`.

`ingest` takes requests one after the other; `intake` and `score` make features and risks of readings (on the state in
`fleet`) and an event of both; the event becomes durable in the log. In a process of its own (`learner`, `link`) `learn`
folds the log into models and weights and hands them back as a `publication`. `device_views` and `home_type_views`
answer questions; `replay` rebuilds; `service` is the door for the API.
"""
