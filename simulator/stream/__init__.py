"""The streaming client: requests in the order of the world, side by side, at the pace asked for, to be gone on with.

Read in this order: `wire` (columns into readings), `deal` (who goes into which lane), `merge` (readings and reports
into requests), `pace`, `client` (the service's HTTP interface), `lanes` (requests side by side), `tally`, `progress`,
`summary`, `resume`, and `run`, where they come together. `readings` gives what `wire` gives to who looks into it.
"""
