"""Access: who may ask for what, and how often.

`scopes` says what each endpoint needs, `gate` lets a request in by its key, `rates` counts what comes of whom,
`headers` puts the security headers on every answer. Keys are made by `service.api.commands.keys`.
"""
