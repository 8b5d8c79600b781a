select
    oid as datid,
    datname,
    pg_catalog.pg_get_userbyid(datdba) as datdba,
    pg_catalog.pg_encoding_to_char(encoding) as encoding,
    datcollate::pg_catalog.text as datcollate,
    datctype::pg_catalog.text as datctype,
    datlocprovider::pg_catalog.text as datlocprovider,
    daticulocale as datlocale,
    datcollversion,
    datcollversion <> pg_catalog.pg_database_collation_actual_version(oid) as collation_version_mismatch,
    datistemplate,
    datallowconn,
    datconnlimit,
    pg_catalog.age(datfrozenxid) as datfrozenxid_age,
    pg_catalog.mxid_age(datminmxid) as datminmxid_age
from pg_catalog.pg_database
