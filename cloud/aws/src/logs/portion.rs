//! One portion of a file: what is behind a marker, up to so many lines.
//!
//! A portion has at most one mebibyte. What is larger is cut in the middle of a line, the rest of which no later portion
//! has: it is asked for again with as many lines as were whole (<https://github.com/aws/aws-sdk/issues/20>).

use aws_sdk_rds::Client;
use aws_sdk_rds::error::SdkError;
use aws_sdk_rds::operation::download_db_log_file_portion::{
    DownloadDBLogFilePortionError, DownloadDbLogFilePortionOutput,
};
use tokio::time::timeout_at;

use super::ACTIONS;
use super::budget::Budget;
use super::listing::Listed;
use super::memory::Cursor;
use crate::error::unheard::{self, Trouble};

/// What stands at the end of a portion that was cut.
const CUT: &str = "\n [Your log message was truncated]\n";

/// What is behind a marker.
pub(super) struct Portion {
    pub(super) text: String,
    /// Where the next one begins, where that is said.
    pub(super) marker: Option<String>,
    /// Whether there is more.
    pub(super) is_followed: bool,
    /// Whether its last line was cut, and its rest is lost.
    pub(super) is_cut: bool,
}

/// Why there is no portion.
pub(super) enum Absent {
    /// The look has no calls, bytes or time left.
    Budget,
    /// The file does not exist.
    Gone,
    /// The API said no.
    Refused(Trouble),
}

/// Reads what is behind a marker.
pub(super) async fn behind(
    client: &Client,
    instance: &str,
    name: &str,
    marker: &str,
    budget: &mut Budget,
) -> Result<Portion, Absent> {
    loop {
        let answer = ask(client, instance, name, Some(marker), budget.lines, budget).await?;
        let portion = Portion::of(answer);
        let whole_lines = portion.text.matches('\n').count();
        if !portion.is_cut || !budget.narrow(whole_lines) {
            return Ok(portion);
        }
    }
}

/// Returns a cursor at the end of a file. Without a marker the API hands out its last lines.
pub(super) async fn end_of(
    client: &Client,
    instance: &str,
    name: &str,
    listed: Listed,
    budget: &mut Budget,
) -> Result<Cursor, Trouble> {
    let answer = match ask(client, instance, name, None, 1, budget).await {
        Ok(answer) => answer,
        Err(Absent::Refused(trouble)) => return Err(trouble),
        Err(Absent::Budget) => return Err(unheard::no_answer()),
        // It is read from its beginning once it is there again.
        Err(Absent::Gone) => return Ok(Cursor::at_start(listed)),
    };
    let is_mid_line = answer.log_file_data().is_some_and(|text| !text.is_empty() && !text.ends_with('\n'));
    let at_start = Cursor { is_mid_line, is_at_end: true, ..Cursor::at_start(listed) };
    let size = u64::try_from(listed.bytes).unwrap_or(0);
    Ok(match answer.marker {
        Some(marker) => Cursor { marker, before: size, ..at_start },
        None => Cursor { skip: size, seen: size, ..at_start },
    })
}

async fn ask(
    client: &Client,
    instance: &str,
    name: &str,
    marker: Option<&str>,
    lines: i32,
    budget: &mut Budget,
) -> Result<DownloadDbLogFilePortionOutput, Absent> {
    let until = budget.call().ok_or(Absent::Budget)?;
    let asking = client
        .download_db_log_file_portion()
        .db_instance_identifier(instance)
        .log_file_name(name)
        .set_marker(marker.map(str::to_owned))
        .number_of_lines(lines);
    let answer = timeout_at(until, asking.send())
        .await
        .map_err(|_| Absent::Budget)?
        .map_err(|failed| absent(&failed))?;
    budget.spend(answer.log_file_data().map_or(0, str::len));
    Ok(answer)
}

fn absent(failed: &SdkError<DownloadDBLogFilePortionError>) -> Absent {
    let is_gone =
        failed.as_service_error().is_some_and(DownloadDBLogFilePortionError::is_db_log_file_not_found_fault);
    if is_gone { Absent::Gone } else { Absent::Refused(unheard::trouble(failed, ACTIONS, "RDS")) }
}

impl Portion {
    fn of(answer: DownloadDbLogFilePortionOutput) -> Portion {
        let mut text = answer.log_file_data.unwrap_or_default();
        let is_cut = text.ends_with(CUT);
        if is_cut {
            text.truncate(text.len() - CUT.len());
        }
        Portion {
            text,
            marker: answer.marker,
            is_followed: answer.additional_data_pending.unwrap_or(false),
            is_cut,
        }
    }
}
