//! The files of the module and the construct, as they lie in the checkout, held against the table: not by what writes them,
//! which could leave an option out of both.

use std::collections::BTreeSet;

use super::*;

const TERRAFORM: &str = include_str!("../../../../../terraform/modules/aws-lambda/options.tf");
const CDK: &str = include_str!("../../../../../cdk/src/options.ts");
const CDK_SERVER: &str = include_str!("../../../../../cdk/src/server-options.ts");

/// Returns what stands between two texts, wherever both stand in one line.
fn between<'t>(text: &'t str, before: &str, after: &str) -> BTreeSet<&'t str> {
    let found = text.lines().filter_map(|line| line.split_once(before)?.1.split_once(after));
    found.map(|(inner, _)| inner.trim()).collect()
}

/// Returns the type of an option in Terraform, and in TypeScript.
fn types(option: &OptionSpec) -> [&'static str; 2] {
    match (option.repeatable, option.kind) {
        (true, _) => ["list(string)", "string[]"],
        (_, Kind::Flag) => ["bool", "boolean"],
        (_, Kind::Count) => ["number", "number"],
        (_, Kind::Labels) => ["map(string)", "{ [name: string]: string }"],
        _ => ["string", "string"],
    }
}

/// Returns the options that a function can be told by its environment, secrets aside, each with its variable.
fn in_the_environment() -> Vec<(&'static OptionSpec, String)> {
    let of_others = [Section::Jsonl];
    let concerns = |option: &&OptionSpec| option.sections.iter().any(|section| !of_others.contains(section));
    let is_plain = |option: &&OptionSpec| !matches!(option.kind, Kind::Secret | Kind::Headers);
    let is_said = |option: &&OptionSpec| !LEFT_OUT.iter().any(|(name, _)| *name == option.name);
    let options = OPTIONS.iter().filter(concerns).filter(is_plain).filter(is_said);
    let variable = |option: &OptionSpec| option.variable().or(option.standard.map(str::to_owned));
    options.filter_map(|option| Some((option, variable(option)?))).collect()
}

#[test]
fn what_is_left_out_is_an_option_and_a_name_is_there_once() {
    for (name, _) in LEFT_OUT.iter().chain(&USUAL) {
        assert!(OPTIONS.iter().any(|option| option.name == *name), "{name}");
    }
    let names: Vec<String> = deployed().iter().map(Deployed::name).collect();
    let mut once = names.clone();
    once.dedup();
    assert_eq!(names, once);
}

#[test]
fn every_option_of_a_function_can_be_said_in_terraform_and_by_the_construct() {
    let options = in_the_environment();
    let variables: BTreeSet<&str> = options.iter().map(|(_, variable)| variable.as_str()).collect();
    assert!(variables.len() > 40);
    let in_terraform: BTreeSet<&str> = between(TERRAFORM, "    ", " = ")
        .into_iter()
        .filter(|name| name.starts_with("PGQUERYLENS_") || name.starts_with("OTEL_"))
        .collect();
    assert_eq!(in_terraform, variables);
    assert_eq!(between(CDK, "variable: '", "'"), variables);
}

#[test]
fn an_option_has_the_type_of_its_kind_in_both() {
    for (option, variable) in in_the_environment() {
        let [in_terraform, in_typescript] = types(option);
        let row =
            TERRAFORM.lines().find(|line| line.trim_start().starts_with(&format!("{variable} "))).unwrap();
        let name = row.split("var.").nth(1).unwrap();
        let name = name.split(|letter: char| !letter.is_ascii_lowercase() && letter != '_').next().unwrap();
        let block = TERRAFORM.split(&format!("variable \"{name}\" {{")).nth(1).unwrap();
        assert!(
            block.split("\n}").next().unwrap().contains(&format!("type        = {in_terraform}\n")),
            "{name}"
        );
        let row = CDK.lines().find(|line| line.contains(&format!("variable: '{variable}'"))).unwrap();
        let property = between(row, "property: '", "'").pop_first().unwrap();
        assert!(CDK.contains(&format!("  readonly {property}?: {in_typescript};")), "{property}");
    }
}

#[test]
fn every_key_of_a_server_can_be_said_of_a_target_in_both() {
    let keys: BTreeSet<&str> = options_in(Section::Server).map(OptionSpec::key).collect();
    assert!(keys.len() > 20);
    let of_target = TERRAFORM.split_once("target_keys = [").unwrap().1;
    let in_terraform: BTreeSet<String> =
        between(of_target, "\"", "\"").iter().map(|key| key.replace('_', "-")).collect();
    assert_eq!(in_terraform, keys.iter().map(|key| (*key).to_owned()).collect());
    let mut in_cdk = between(CDK_SERVER, "key: '", "'");
    for (key, _) in SAID_BY_A_TARGET {
        assert!(in_cdk.insert(key), "{key} is said twice");
    }
    assert_eq!(in_cdk, keys);
    for option in options_in(Section::Server) {
        let row = CDK_SERVER.lines().find(|line| line.contains(&format!("key: '{}'", option.key())));
        let Some(row) = row else { continue };
        let property = between(row, "property: '", "'").pop_first().unwrap();
        assert!(CDK_SERVER.contains(&format!("  readonly {property}?: {};", types(option)[1])), "{property}");
    }
}
