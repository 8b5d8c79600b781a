//! Holds the checkout against the project's rules. Each failure lists every place at once.

use pgquerylens_model::version::SUPPORTED_MAJORS;
use pgquerylens_tidy::checkout::{File, Violation, file, files, root, with_ending};
use pgquerylens_tidy::packages::Packages;
use pgquerylens_tidy::{
    alarms, boundaries, documents, licences, manifests, packaging, portable, shape, sources, sql_files,
};

fn assert_none(violations: &[Violation]) {
    let lines: Vec<&str> = violations.iter().map(|violation| violation.0.as_str()).collect();
    assert!(lines.is_empty(), "{} violations:\n{}", lines.len(), lines.join("\n"));
}

#[allow(clippy::panic, reason = "a test may panic: that is its report")]
fn required<'f>(files: &'f [File], path: &str) -> &'f File {
    file(files, path).unwrap_or_else(|| panic!("{path} is missing"))
}

#[test]
fn dependencies_point_the_right_way() {
    let packages = Packages::read().unwrap();
    assert!(packages.ours().count() > 5, "cargo tells of the workspace");
    assert_none(&boundaries::violations(&packages));
}

#[test]
fn one_crypto_provider() {
    assert_none(&boundaries::crypto_providers(&required(&files(), "Cargo.lock").text));
}

#[test]
fn licences_are_on_the_list() {
    assert_none(&licences::violations(&Packages::read().unwrap()));
}

#[test]
fn every_crate_is_built_once() {
    let packages = Packages::read().unwrap();
    let built = packages.all().map(|package| (package.name.as_str(), package.version.as_str()));
    assert_none(&licences::duplicates(built, licences::DUPLICATES));
}

#[test]
fn versions_and_lints_stand_in_the_workspace() {
    let (files, packages) = (files(), Packages::read().unwrap());
    let folders = packages.ours().filter_map(|package| package.folder.as_deref());
    let members: Vec<&File> =
        folders.map(|folder| required(&files, &format!("{folder}/Cargo.toml"))).collect();
    assert_none(&manifests::violations(required(&files, "Cargo.toml"), &members));
}

#[test]
fn alarms_stand_on_what_functions_say() {
    assert_none(&alarms::violations(&files()));
}

#[test]
fn sources_have_nothing_forbidden() {
    assert_none(&sources::violations(&files()));
}

#[test]
fn sources_are_in_shape() {
    assert_none(&shape::violations(&files()));
}

#[test]
fn statements_are_used_and_views_have_theirs() {
    assert_none(&sql_files::violations(&files()));
}

#[test]
fn nothing_depends_on_one_machine() {
    assert_none(&portable::violations(&files()));
}

#[test]
fn service_and_image_have_the_least_rights() {
    let files = files();
    assert_none(&packaging::unit(required(&files, "runtimes/agent/packaging/pgquerylens.service")));
    assert_none(&packaging::image(required(&files, "runtimes/agent/packaging/Dockerfile")));
}

#[test]
fn the_map_is_todays() {
    let packages = Packages::read().unwrap();
    let folders: Vec<&str> = packages.ours().filter_map(|package| package.folder.as_deref()).collect();
    assert_none(&documents::map(required(&files(), "ARCHITECTURE.md"), &folders, &root()));
}

#[test]
fn links_and_commands_lead_somewhere() {
    let files = files();
    let makefile = &required(&files, "Makefile").text;
    let check = |file| [documents::links(file, &root()), documents::commands(file, makefile)].concat();
    assert_none(&with_ending(&files, ".md").flat_map(check).collect::<Vec<_>>());
}

#[test]
fn majors_agree_everywhere() {
    let files = files();
    let installed = &required(&files, "integration/servers/majors").text;
    let readme = required(&files, "README.md");
    assert_none(&documents::majors(installed, *SUPPORTED_MAJORS.start(), *SUPPORTED_MAJORS.end(), readme));
}
