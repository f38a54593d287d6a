"""Intake: what is asked of the scorer is made an event and an answer.

Read in this order: `arrivals` (readings looked at one by one, put in columns), `readings` (scored, and folded in),
`outcomes`, `forgetting`, and `single` (all that is folded alone).
"""
