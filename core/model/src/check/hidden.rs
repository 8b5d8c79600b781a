//! Figures that a role with pg_monitor alone does not see, each with the grant that would show it.

use crate::advice::{Mend, quoted};
use crate::capabilities::Provider;

use super::{Aspect, CheckFacts, Level, StatementsReading, named};

pub(super) fn aspects(facts: &CheckFacts) -> Vec<Aspect> {
    [failed(facts), text_file(facts), sequences(facts)].into_iter().flatten().collect()
}

/// Without its own statement a check has seen less than it should have.
fn failed(facts: &CheckFacts) -> Option<Aspect> {
    let why = facts.details.error.as_deref()?;
    let aspect = named("check", "this check");
    Some(aspect.judged(
        Level::Warning,
        format!("its own statement was not answered, so some aspects are missing: {why}"),
        None,
    ))
}

fn text_file(facts: &CheckFacts) -> Option<Aspect> {
    let aspect = named("text_file_size", "size of the text file");
    if !matches!(facts.statements, StatementsReading::Read { .. }) {
        return None;
    }
    if facts.details.may_see_text_file? {
        return Some(aspect.ok("visible"));
    }
    let found = "hidden from all but superusers: it is estimated before texts are read";
    Some(match facts.provider {
        Provider::SelfManaged => {
            let role = quoted(facts.role());
            aspect.ok_with(
                found,
                optional(
                    facts,
                    format!("grant execute on function pg_catalog.pg_stat_file(text, boolean) to {role};"),
                ),
            )
        }
        _ => aspect.ok(found),
    })
}

fn sequences(facts: &CheckFacts) -> Option<Aspect> {
    let aspect = named("sequences", "sequence values");
    let hidden = facts.details.hidden_sequences?;
    if hidden == 0 {
        return Some(aspect.ok("visible: sequences near their end are reported"));
    }
    let schemas = facts.details.hidden_sequence_schemas.as_deref().unwrap_or("public");
    Some(aspect.ok_with(
        format!("hidden for {hidden} sequences here: whether they near their end is not known"),
        optional(
            facts,
            format!("grant select on all sequences in schema {schemas} to {};", quoted(facts.role())),
        ),
    ))
}

fn optional(facts: &CheckFacts, sql: String) -> Mend {
    let mend = Mend::of_sql(facts.place(), sql);
    Mend { steps: format!("optional: {}", mend.steps), ..mend }
}
