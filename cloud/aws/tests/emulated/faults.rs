//! Discovery where the API refuses or throttles, and what it then tells; and clusters over several pages, which moto has on
//! one.

use pgquerylens_aws::discover::{Search, discover};
use pgquerylens_sandbox::rds_double::{Fault, Fleet, RdsDouble};

use crate::stage::{REGION, names, search, sessions, troubles};

fn fleet() -> Fleet {
    Fleet { instances: vec![("shop".to_owned(), None)], clusters: Vec::new() }
}

#[tokio::test]
async fn throttling_is_waited_for() {
    let double = RdsDouble::start(fleet()).await.unwrap();
    double.refuse_next([Fault::Throttled, Fault::Unavailable, Fault::Throttled]);
    let found = discover(&search(), &sessions(&double.url()).await).await;
    assert_eq!((names(&found), troubles(&found)), (vec!["shop"], vec![]));
    let refused = |status: &str| double.requests().iter().filter(|request| request.ends_with(status)).count();
    assert_eq!((refused(" 400"), refused(" 503"), refused(" 200")), (2, 1, 2));
}

#[tokio::test]
async fn a_denial_is_not_asked_again_and_costs_one_region() {
    let double = RdsDouble::start(fleet()).await.unwrap();
    double.refuse_next([Fault::Denied, Fault::Denied]);
    let regions = vec![REGION.to_owned(), "us-east-1".to_owned()];
    // Both regions are asked at the same time; whichever is refused, the other is found.
    let found = discover(&Search { regions, ..search() }, &sessions(&double.url()).await).await;
    let refused = found.troubles.iter().filter(|trouble| trouble.why == "AccessDenied").count();
    assert_eq!(found.servers.len() + refused, 2);
    assert!((1..=2).contains(&refused), "{:?}", found.troubles);
    assert_eq!(double.requests().iter().filter(|request| request.ends_with(" 403")).count(), 2);
}

#[tokio::test]
async fn clusters_are_read_page_by_page() {
    let names: Vec<String> = (0..230).map(|number| format!("shop-{number:03}")).collect();
    let instances = names.iter().map(|name| (format!("{name}-1"), Some(name.clone()))).collect();
    let double = RdsDouble::start(Fleet { instances, clusters: names }).await.unwrap();
    let found = discover(&search(), &sessions(&double.url()).await).await;
    assert_eq!((found.servers.len(), found.left_out.len(), found.troubles.len()), (230, 0, 0));
    assert!(found.servers.iter().all(|server| server.resource_id.starts_with("cluster-shop-")));
    let mut requests = double.requests();
    requests.sort();
    let expected = ["DescribeDBClusters", "DescribeDBInstances"];
    let expected =
        expected.iter().flat_map(|action| ["-", "100", "200"].map(|marker| format!("{action} {marker} 200")));
    assert_eq!(requests, expected.collect::<Vec<_>>());
}

#[tokio::test]
async fn nobody_at_the_address_says_what_to_check() {
    let found = discover(&search(), &sessions("http://127.0.0.1:1").await).await;
    let said = troubles(&found).concat();
    assert!(said.contains("Connection refused") && said.contains("interface endpoint"), "{said}");
}
