"""The story: `scoring` makes events of what comes in, `learning` makes models and weights of events.

The learner hands them back as a `publication` through the `link`; `views` answer questions, and `service` is the door
for the API.
"""
