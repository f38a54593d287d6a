"""What crosses a border: wire structs, log events, ports, errors. Imports msgspec, numpy and no other library."""
