//! A plan as `EXPLAIN` writes it, without its literals: conditions have them, and the statement's text has. Names, operators
//! and PostgreSQL's figures stay as they are written. What cannot be masked for certain is no plan.

mod expression;
mod figures;
mod json;
mod text;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::analysis::analyse;
use crate::normalise::{HoldsLiteral, NormalizedSql};
use crate::raw::RawSql;

/// Stands for a literal in a plan. It is none of the statement's parameters: those are `$n` in plans, too.
pub(crate) const MASK: &str = "?";

/// A plan that holds no literal: in conditions they are `?`, in the statement's text `$n`.
///
/// Only this crate can make one. It can be read back from our own state; reading checks that no literal is in it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MaskedPlan {
    text: String,
    format: PlanFormat,
    queryid: Option<i64>,
}

/// The formats that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanFormat {
    /// Lines for people.
    Text,
    /// One JSON document.
    Json,
}

/// What a format makes of a plan.
struct Masked {
    text: String,
    queryid: Option<i64>,
}

/// How the statement's text is treated.
type OfQuery = fn(&str) -> Option<String>;

impl MaskedPlan {
    /// Masks a plan as `auto_explain` writes it: the statement's text, then the plan. Nothing if it is in no format that is
    /// read, is not whole, or could hold a literal where none is looked for.
    pub fn of(raw: &[u8]) -> Option<MaskedPlan> {
        let text = std::str::from_utf8(raw).ok().filter(|text| !text.contains('\0'))?;
        let masked =
            masked(text, |query| Some(analyse(&RawSql::from(query)).normalized.as_str().to_owned()))?;
        // Nothing gets here with a literal in it; if something did, the plan would be lost rather than shown.
        MaskedPlan::try_from(masked.text).ok()
    }

    /// Returns the plan.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns its format.
    pub fn format(&self) -> PlanFormat {
        self.format
    }

    /// Returns the id of the statement, if the plan has it: `auto_explain.log_verbose` writes it down.
    pub fn queryid(&self) -> Option<i64> {
        self.queryid
    }
}

fn format_of(text: &str) -> PlanFormat {
    if text.starts_with('{') { PlanFormat::Json } else { PlanFormat::Text }
}

fn masked(text: &str, query: OfQuery) -> Option<Masked> {
    match format_of(text) {
        PlanFormat::Json => json::masked(text, query),
        PlanFormat::Text => text::masked(text, query),
    }
}

impl TryFrom<String> for MaskedPlan {
    type Error = HoldsLiteral;

    /// Masking leaves a masked plan as it is.
    fn try_from(text: String) -> Result<MaskedPlan, HoldsLiteral> {
        let as_it_is = |query: &str| NormalizedSql::try_from(query.to_owned()).ok().map(String::from);
        let again = masked(&text, as_it_is).filter(|again| again.text == text).ok_or(HoldsLiteral)?;
        Ok(MaskedPlan { format: format_of(&text), queryid: again.queryid, text })
    }
}

impl From<MaskedPlan> for String {
    fn from(plan: MaskedPlan) -> String {
        plan.text
    }
}

impl fmt::Debug for MaskedPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

#[cfg(test)]
mod tests;
