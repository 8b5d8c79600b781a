//! Which files of the log there are.

use std::collections::BTreeMap;

use aws_sdk_rds::Client;
use serde::{Deserialize, Serialize};
use tokio::time::timeout_at;

use super::ACTIONS;
use super::budget::Budget;
use crate::error::unheard::{self, Trouble};

/// What the names of the log's files have in common. Hourly ones end in `2026-11-30-16`, Aurora's in `2026-11-30-1600`.
const NAME: &str = "postgresql.log";
/// The same log in forms that have no prefix.
const OTHER_FORMS: [&str; 2] = [".csv", ".json"];
/// How many files a page has.
const PAGE: i32 = 100;

/// A file as it is listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Listed {
    /// When it was last written, in milliseconds since 1970.
    pub(super) written_ms: i64,
    /// Its size.
    pub(super) bytes: i64,
}

/// Returns the files that were written since a moment, in milliseconds since 1970; their names are in the order of time.
pub(super) async fn list(
    client: &Client,
    instance: &str,
    since_ms: Option<i64>,
    budget: &mut Budget,
) -> Result<BTreeMap<String, Listed>, Trouble> {
    let asking = client.describe_db_log_files().db_instance_identifier(instance).filename_contains(NAME);
    let mut pages = asking.set_file_last_written(since_ms).into_paginator().page_size(PAGE).send();
    let mut files = BTreeMap::new();
    loop {
        let until = budget.call().ok_or_else(unheard::no_answer)?;
        let page = timeout_at(until, pages.next()).await.map_err(|_| unheard::no_answer())?;
        let Some(page) = page else { return Ok(files) };
        let page = page.map_err(|failed| unheard::no_log(instance, &failed, ACTIONS))?;
        files.extend(page.describe_db_log_files().iter().filter_map(|file| {
            let name =
                file.log_file_name().filter(|name| !OTHER_FORMS.iter().any(|form| name.ends_with(form)))?;
            let listed = Listed { written_ms: file.last_written()?, bytes: file.size()? };
            Some((name.to_owned(), listed))
        }));
    }
}
