create schema shop;
create table shop.orders (id serial primary key, customer text not null, note text not null);
insert into shop.orders (customer, note) select 'customer ' || n % 50, repeat('x', n % 200) from generate_series(1, 2000) as n;
create index orders_customer on shop.orders (customer);
create index orders_customer_again on shop.orders (customer, id);
create table shop."Odd ""name"";
in two lines" (id smallserial primary key);
insert into shop."Odd ""name"";
in two lines" default values;
select setval('shop."Odd ""name"";
in two lines_id_seq"', 32000);
create function shop.order_count(wanted text) returns bigint language sql as
    'select count(*) from shop.orders where customer = wanted';
analyze shop.orders;
