-- Reads the control files of the server, a few dozen small ones.
select
    name,
    default_version
from pg_catalog.pg_available_extensions()
