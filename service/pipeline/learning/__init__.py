"""The learner: a fold of the log into labels, models and weights, in a process of its own.

Read in this order: `learn` (the fold), `home_type` (what it keeps of one), `settle` (labels, losses, learning), `rows`
(features read back from the log), `standing` (who votes with which weight), `tally` (outcomes counted), then `learner`
(the process), `config` (what it is told), `snapshot` and `keeper`.
"""
