-- Never gid: the application chose it and may have put anything into it.
select
    transaction::pg_catalog.text as transaction,
    pg_catalog.age(transaction) as transaction_age,
    prepared,
    owner,
    database
from pg_catalog.pg_prepared_xacts
