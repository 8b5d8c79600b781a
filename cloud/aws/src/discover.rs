//! The servers that RDS and Aurora have, over accounts and regions: which of them are to be polled, how, and why the others
//! are not. What is asked of AWS is in `listing`; all else is a function of what it told. RDS Proxies are not looked for:
//! behind one is another server each time.

mod found;
mod left_out;
mod listing;
mod overrides;
mod role;
mod search;
mod server;
mod sorting;
mod target;

use aws_config::SdkConfig;
use futures_util::{StreamExt, stream};

pub use self::found::{Found, Omitted, Remark, Trouble};
pub use self::left_out::LeftOut;
pub use self::role::Role;
pub use self::search::{BadPattern, Login, Pattern, Search, TagRule};
pub use self::server::DiscoveredServer;
pub use self::target::target;

use self::sorting::sort_out;
use crate::endpoint;
use crate::error::{self, Told};
use crate::session::{Account, Sessions};

/// How many regions are asked at the same time.
const PLACES_AT_ONCE: usize = 8;

/// Where servers are looked for.
#[derive(Clone, Debug)]
struct Place {
    /// By whose role; by our own credentials without one.
    account: Option<Account>,
    /// In which region.
    region: String,
    session: SdkConfig,
}

/// Finds servers. An account or region that cannot be looked into is told among the troubles, and costs itself alone.
pub async fn discover(search: &Search, sessions: &Sessions) -> Found {
    let mut troubles = Vec::new();
    let mut places = Vec::new();
    for account in search.all_accounts() {
        match enter(account, &search.regions, sessions).await {
            Ok(of_account) => places.extend(of_account),
            Err(trouble) => troubles.push(trouble),
        }
    }
    let looks = places.into_iter().map(|place| look(place, search));
    let looks: Vec<_> = stream::iter(looks).buffered(PLACES_AT_ONCE).collect().await;
    let mut found = Vec::new();
    for look in looks {
        match look {
            Ok(of_place) => found.push(of_place),
            Err(trouble) => troubles.push(trouble),
        }
    }
    Found::joined(found, troubles)
}

/// Takes on an account's role, so that one that refuses us is told once and not for each region.
async fn enter(
    account: Option<Account>,
    regions: &[String],
    sessions: &Sessions,
) -> Result<Vec<Place>, Trouble> {
    let trouble = |Told { why, advice }| Trouble { account: account.clone(), region: None, why, advice };
    let entered = match &account {
        Some(_) => {
            let entered = sessions.enter(account.as_ref(), regions.first().map(String::as_str)).await;
            entered.map(drop).map_err(|unassumed| error::unassumed(&unassumed))
        }
        None => sessions
            .own_credentials()
            .await
            .map(drop)
            .map_err(|failed| error::no_credentials(&failed, sessions.profile())),
    };
    entered.map_err(trouble)?;
    let own = sessions.own_region().await;
    let regions = if regions.is_empty() { own.into_iter().collect() } else { regions.to_vec() };
    if regions.is_empty() {
        return Err(trouble(error::no_region_to_search()));
    }
    let mut places = Vec::new();
    for region in regions {
        let session = sessions.of(account.as_ref(), Some(&region)).await;
        places.push(Place { account: account.clone(), region, session });
    }
    Ok(places)
}

async fn look(place: Place, search: &Search) -> Result<Found, Trouble> {
    let listed = match endpoint::is_region(&place.region) {
        true => listing::list(&place.session).await,
        false => Err(error::no_such_region(&place.region)),
    };
    match listed {
        Ok(listing) => Ok(sort_out(&listing, search, place.account.as_ref())),
        Err(Told { why, advice }) => {
            Err(Trouble { account: place.account, region: Some(place.region), why, advice })
        }
    }
}
