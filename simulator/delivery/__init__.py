"""Delivery: what of the world reaches a service, and when.

Read in this order: `outcomes` (what is told of failures and repairs), `dirt` (how what is sent differs from what was
measured), and `delivery`, which says when readings and outcomes arrive, through outages and dirt.
"""
