//! Who works in the shop: one session each, one kind of statement each, so that a reader of a report can tell them
//! apart by application_name.

use std::time::Duration;

use tokio_postgres::{Client, Error};

use super::Pace;
use crate::workload::chance::Chance;

/// Ids that exist in a shop of any size.
const CUSTOMERS: u32 = 10;
const PRODUCTS: u32 = 1_000;
const ORDERS: u32 = 50;
/// The product whose row someone holds; nobody else touches it, so that nobody else waits.
const HELD_PRODUCT: i64 = 1;
const HELD_FOR: Duration = Duration::from_millis(2_500);
const ROWS_OF_AN_IMPORT: i32 = 2_000;
const PAGE_VIEWS_KEPT: i64 = 20_000;

/// One session's part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Actor {
    /// Reads a product or a customer by its key.
    Browser,
    /// Places an order in a transaction of five statements.
    Buyer,
    /// Looks up a customer's orders by e-mail, for which there is no index.
    Helpdesk,
    /// Sorts all order items in too little memory.
    Reporter,
    /// Changes a row and thinks for a while before it commits.
    Stocktaker,
    /// Wants the same row.
    Repricer,
    /// Writes thousands of rows at once and deletes old ones.
    Importer,
    /// Calls a function for one order after the other.
    Accountant,
}

impl Actor {
    /// Everybody, in order of appearance.
    pub(super) const CAST: [Self; 11] = [
        Self::Browser,
        Self::Browser,
        Self::Buyer,
        Self::Buyer,
        Self::Helpdesk,
        Self::Reporter,
        Self::Stocktaker,
        Self::Repricer,
        Self::Repricer,
        Self::Importer,
        Self::Accountant,
    ];

    pub(super) fn application_name(self) -> &'static str {
        match self {
            Self::Browser | Self::Buyer => "shop-web",
            Self::Helpdesk => "shop-helpdesk",
            Self::Reporter => "shop-report",
            Self::Stocktaker => "shop-stock",
            Self::Repricer => "shop-prices",
            Self::Importer => "shop-import",
            Self::Accountant => "shop-books",
        }
    }

    /// What the session says first.
    pub(super) fn preparation(self) -> &'static str {
        match self {
            Self::Reporter => "set work_mem = '256kB'",
            // A parallel scan would hide the missing index behind more processes.
            Self::Helpdesk => "set max_parallel_workers_per_gather = 0",
            _ => "",
        }
    }

    /// How long the session is idle between two turns.
    pub(super) fn pause(self, pace: Pace) -> Duration {
        let milliseconds = match self {
            Self::Browser => 5,
            Self::Buyer | Self::Accountant => 20,
            Self::Helpdesk => 25,
            Self::Repricer => 100,
            Self::Stocktaker => 500,
            Self::Importer => 400,
            Self::Reporter => 1_000,
        };
        Duration::from_millis(match pace {
            Pace::Lively => milliseconds,
            Pace::Calm => milliseconds * 8,
        })
    }

    /// Does its work once.
    pub(super) async fn turn(self, client: &Client, chance: &mut Chance) -> Result<(), Error> {
        match self {
            Self::Browser => browse(client, chance).await,
            Self::Buyer => buy(client, chance).await,
            Self::Helpdesk => look_up(client, chance).await,
            Self::Reporter => report(client).await,
            Self::Stocktaker => hold(client).await,
            Self::Repricer => reprice(client).await,
            Self::Importer => import(client).await,
            Self::Accountant => total(client, chance).await,
        }
    }
}

fn email(chance: &mut Chance) -> String {
    format!("customer{}@example.com", chance.id(CUSTOMERS))
}

async fn browse(client: &Client, chance: &mut Chance) -> Result<(), Error> {
    if chance.below(4) == 0 {
        let customer = "select id, name, region from shop.customers where email = $1";
        client.query(customer, &[&email(chance)]).await?;
    } else {
        let product = "select name, price, stock from shop.products where id = $1";
        client.query(product, &[&chance.id(PRODUCTS)]).await?;
    }
    Ok(())
}

async fn buy(client: &Client, chance: &mut Chance) -> Result<(), Error> {
    let product = HELD_PRODUCT + chance.id(PRODUCTS - 1);
    let order = "insert into shop.orders (customer_email, status) values ($1, 'new') returning id";
    let item = "insert into shop.order_items (order_id, product_id, quantity, price)
        select $1, id, 1, price from shop.products where id = $2";
    let stock = "update shop.products set stock = stock - 1 where id = $1";
    let payment = "insert into shop.payments (order_id, invoice_number, amount)
        values ($1, nextval('shop.invoice_number'), shop.order_total($1))";
    client.batch_execute("begin").await?;
    let order: i64 = client.query_one(order, &[&email(chance)]).await?.get(0);
    client.execute(item, &[&order, &product]).await?;
    client.execute(stock, &[&product]).await?;
    client.execute(payment, &[&order]).await?;
    client.batch_execute("commit").await
}

async fn look_up(client: &Client, chance: &mut Chance) -> Result<(), Error> {
    let orders = "select id, status, placed_at from shop.orders where customer_email = $1
        order by placed_at desc limit 20";
    client.query(orders, &[&email(chance)]).await.map(|_| ())
}

async fn report(client: &Client) -> Result<(), Error> {
    let ranking = "select product_id, count(*) from (
            select product_id, row_number() over (partition by product_id order by price desc, order_id) as place
            from shop.order_items) as ranked
        where place <= 3 group by product_id";
    client.query(ranking, &[]).await.map(|_| ())
}

async fn hold(client: &Client) -> Result<(), Error> {
    client.batch_execute("begin").await?;
    client.execute("update shop.products set stock = stock - 1 where id = $1", &[&HELD_PRODUCT]).await?;
    tokio::time::sleep(HELD_FOR).await;
    client.batch_execute("commit").await
}

async fn reprice(client: &Client) -> Result<(), Error> {
    let change = "update shop.products set price = price + 0.01 where id = $1";
    client.execute(change, &[&HELD_PRODUCT]).await.map(|_| ())
}

async fn import(client: &Client) -> Result<(), Error> {
    let views = "insert into shop.page_views (path, referrer)
        select '/product/' || n, repeat('https://example.com/', 5) from generate_series(1, $1) as n";
    let old = "delete from shop.page_views where id <= (select max(id) - $1 from shop.page_views)";
    client.execute(views, &[&ROWS_OF_AN_IMPORT]).await?;
    client.execute(old, &[&PAGE_VIEWS_KEPT]).await.map(|_| ())
}

async fn total(client: &Client, chance: &mut Chance) -> Result<(), Error> {
    client.query("select shop.order_total($1)", &[&chance.id(ORDERS)]).await.map(|_| ())
}
