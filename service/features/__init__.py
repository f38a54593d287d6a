"""From readings to feature rows.

`layout` names the columns, `matrix` puts a reading's metrics into them, `calendar` places an instant in day, week and
year, `windows` keeps what is remembered of each device and writes the rows. Everything is computed once, when the
reading arrives, rounded to float32, and logged; learning reads the logged rows and never computes a feature again.
"""
