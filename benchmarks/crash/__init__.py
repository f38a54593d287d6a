"""The crash test: a service is killed under load again and again. It asks whether, not how much.

Read in this order: `books` (what is sent, and what was acknowledged), `client` and `load` (who sends), `service` (what
is killed), `check` (what the log must hold), `replay` and `compare` (where a service that lived on would be), and
`command`, where they come together.
"""
