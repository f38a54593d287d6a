"""Special: tables and drawings of benchmarks whose rows are more than a list, one module a kind."""
