"""What a data set is made of; `simulator.dataset` puts it together.

Read in this order: `panel` (who is watched when), `truth` (labels), `turns` (who comes and goes), `lot` (which examples
are drawn), `samples` (the arrays), `formats` and `file` (Parquet and CSV).
"""
