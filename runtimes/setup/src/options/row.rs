//! Rows of the table of options to start from, one per kind of value, so that a row says only what is its own.

use super::Heading::What;
use super::{Kind, OptionSpec, Place, Section};

/// A row to start from.
pub(super) const ROW: OptionSpec = OptionSpec {
    name: "",
    commands: &["poll"],
    place: Place::Named(What),
    kind: Kind::Flag,
    metavar: "",
    default: None,
    repeatable: false,
    sections: &[],
    plural: None,
    standard: None,
    sample: "",
    help: "",
    more: "",
};

pub(super) const fn duration(name: &'static str, place: Place) -> OptionSpec {
    OptionSpec { name, place, kind: Kind::Duration, metavar: "DURATION", ..ROW }
}

pub(super) const fn bytes(name: &'static str, place: Place) -> OptionSpec {
    OptionSpec { name, place, kind: Kind::Bytes, metavar: "BYTES", ..ROW }
}

pub(super) const fn count(name: &'static str, place: Place) -> OptionSpec {
    OptionSpec { name, place, kind: Kind::Count, metavar: "N", ..ROW }
}

pub(super) const fn text(name: &'static str, place: Place, metavar: &'static str) -> OptionSpec {
    OptionSpec { name, place, kind: Kind::Text, metavar, ..ROW }
}

pub(super) const fn choice(name: &'static str, place: Place, words: &'static [&'static str]) -> OptionSpec {
    OptionSpec { name, place, kind: Kind::Choice(words), metavar: "WORD", ..ROW }
}

pub(super) const fn flag(name: &'static str, place: Place) -> OptionSpec {
    OptionSpec { name, place, ..ROW }
}

/// A row of configuration files alone.
pub(super) const fn in_file(name: &'static str, kind: Kind, sections: &'static [Section]) -> OptionSpec {
    OptionSpec { name, kind, sections, commands: &[], place: Place::File, ..ROW }
}

pub(super) const REQUIRED: Place = Place::Positional { required: true };
pub(super) const OPTIONAL: Place = Place::Positional { required: false };
