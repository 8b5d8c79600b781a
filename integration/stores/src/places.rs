//! The places that the contract is run at, opened as a runtime opens them.

use pgquerylens_engine::secret::Secret;
use pgquerylens_sandbox::emulators::{Azurite, Moto};
use pgquerylens_store::access::{Access, AzureAccess, AzureCredentials, S3Access, S3Credentials};
use pgquerylens_store::states::States;
use pgquerylens_store::url::StateUrl;

/// Opens a URL.
///
/// # Panics
/// If it cannot be opened.
pub fn open(url: &str, access: &Access) -> States {
    let url = StateUrl::parse(url).expect("the URL is good");
    States::open(&url, access).expect("it can be opened")
}

/// Returns what opens moto.
pub fn of_moto(moto: &Moto) -> Access {
    let credentials =
        S3Credentials::Keys { id: "anybody".to_owned(), secret: Secret::from("hunter2"), token: None };
    Access {
        s3: S3Access {
            credentials: Some(credentials),
            region: Some("eu-central-1".to_owned()),
            endpoint: Some(moto.url()),
        },
        ..Access::default()
    }
}

/// Returns what opens Azurite.
pub fn of_azurite(azurite: &Azurite) -> Access {
    Access {
        azure: AzureAccess {
            account: Some(Azurite::ACCOUNT.to_owned()),
            credentials: Some(AzureCredentials::Key(Secret::from(Azurite::KEY))),
            endpoint: Some(azurite.url()),
        },
        ..Access::default()
    }
}
