"""How good the risks were: exact metrics over matured examples."""
