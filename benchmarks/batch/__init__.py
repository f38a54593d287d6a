"""Batch: what the benchmarks of batch training have in common.

`stream` is what they learn from and are asked about, `models` what learns, `intervals` how sure a figure is, `console`
what is printed beside the report.
"""
