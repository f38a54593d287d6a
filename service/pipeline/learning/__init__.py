"""The learner: a fold of the log into labels, models and weights, in a process of its own.

Read in this order: `learn` (the fold), `home_type` and `fleet` (what it keeps), `settle` (labels, losses, learning),
`rows` (features read back from the log), `bench` and `standing` (who votes with which weight), `calibration`, `tally`
(outcomes counted), `due` (when to train); then what watches over it: `judge` (conclusions), `feature_watch`, `policy`
(what a drift does), `diary` and `acts` (what the journal is told); then `learner` (the process), `config` (what it is
told), `snapshot` and `keeper`.
"""
