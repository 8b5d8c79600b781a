-- Catalogue columns are compared as text: pg_get_indexdef would open the table and wait behind its
-- locks. The positions that expressions and predicates remember of the statement that made them are
-- taken out first (17 writes them as -1). An index of a partition belongs to that of its parent and
-- cannot be dropped alone.
with
    described as (
        select
            x.indrelid,
            x.indexrelid,
            i.relname as indexrelname,
            i.relam,
            a.amname,
            x.indisunique,
            x.indisprimary or x.indisexclusion or x.indisreplident or exists (
                select
                from pg_catalog.pg_constraint as k
                where k.conindid = x.indexrelid
                    and k.contype in ('p', 'u', 'x', 'f')
            ) as in_use,
            x.indnatts = x.indnkeyatts as keys_only,
            x.indkey::pg_catalog.text || ' ' as keys,
            x.indclass::pg_catalog.text || ' ' as classes,
            x.indcollation::pg_catalog.text || ' ' as collations,
            x.indoption::pg_catalog.text || ' ' as options,
            x.indnkeyatts,
            pg_catalog.regexp_replace(
                x.indexprs::pg_catalog.text, ':[a-z_]*(location|list_start|list_end) -?[0-9]+', '', 'g'
            ) as expressions,
            pg_catalog.regexp_replace(
                x.indpred::pg_catalog.text, ':[a-z_]*(location|list_start|list_end) -?[0-9]+', '', 'g'
            ) as predicate
        from pg_catalog.pg_index as x
        join pg_catalog.pg_class as i on i.oid = x.indexrelid
        join pg_catalog.pg_am as a on a.oid = i.relam
        join pg_catalog.pg_namespace as n on n.oid = i.relnamespace
        where x.indislive
            and not i.relispartition
            and n.nspname not in ('pg_catalog', 'information_schema')
            and n.nspname !~ '^pg_toast'
    )
select
    r.indrelid as relid,
    n.nspname as schemaname,
    t.relname,
    r.indexrelid,
    r.indexrelname,
    k.indexrelid as covering_indexrelid,
    k.indexrelname as covering_indexrelname,
    r.keys = k.keys as same_columns,
    r.in_use as backs_constraint
from described as r
join described as k on k.indrelid = r.indrelid
    and k.indexrelid <> r.indexrelid
    and k.relam = r.relam
    and k.predicate is not distinct from r.predicate
    and k.indnkeyatts >= r.indnkeyatts
join pg_catalog.pg_index as v on v.indexrelid = k.indexrelid and v.indisvalid and v.indisready
join pg_catalog.pg_class as t on t.oid = r.indrelid
join pg_catalog.pg_namespace as n on n.oid = t.relnamespace
where
    case
        when r.keys = k.keys and r.indnkeyatts = k.indnkeyatts
            then r.classes = k.classes
                and r.collations = k.collations
                and r.options = k.options
                and r.expressions is not distinct from k.expressions
                -- Of two equals the one that is not needed otherwise is reported, and if neither is, the
                -- younger.
                and (k.indisunique or not r.indisunique)
                and (k.in_use, k.indisunique, -k.indexrelid::pg_catalog.int8)
                > (r.in_use, r.indisunique, -r.indexrelid::pg_catalog.int8)
        -- The first columns of another B-tree do the same, unless the shorter one guarantees uniqueness.
        else r.amname = 'btree'
            and r.keys_only
            and not r.indisunique
            and not r.in_use
            and r.expressions is null
            and pg_catalog.starts_with(k.keys, r.keys)
            and pg_catalog.starts_with(k.classes, r.classes)
            and pg_catalog.starts_with(k.collations, r.collations)
            and pg_catalog.starts_with(k.options, r.options)
    end
