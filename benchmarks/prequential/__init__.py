"""Prequential: one harness for all benchmarks that hold the committee against models trained in batch.

stream    plays a scenario or a table into a real service, in lock-step
kept      makes once what all of those services need
once      keeps streams and rivals for the other benchmarks of a report
read      reads back what the service stored: features, risks as given, labels as they were known and when
played    the columns of all that
history   what could be known at an instant; rivals get labels from nowhere else
rivals    RandomForest and LightGBM, frozen or trained anew at intervals; an oracle
members   what the service's own members cost and take
contest   all of them side by side on the same examples
curves    the same by windows of event time
compare   differences between two of them, with their intervals; resampled makes those quick
alone     the committee's parts without a service, for sets whose labels are there at once
pool      two streams at a time, each in a process of its own, which leaves nothing running
"""
