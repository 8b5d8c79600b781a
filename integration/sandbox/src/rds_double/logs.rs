//! The files of an instance's log, as the double hands them out: those of a folder, as they are when they are asked for.
//!
//! What the reference leaves open is as it was seen: a portion of more than a mebibyte is cut inside of a line, is told so in
//! words, and the rest of that line is in no other (<https://github.com/aws/aws-sdk/issues/20>). Markers are made so that
//! nobody can make one.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::answer::{Form, Refusal, enveloped, is_known, number, page_of};

/// What the names of files begin with.
const FOLDER: &str = "error/";
/// How large a portion is.
const MAX_BYTES: usize = 1024 * 1024;
/// How many lines a portion has where nothing is said, and at most.
const MAX_LINES: usize = 10_000;
const CUT: &str = "\n [Your log message was truncated]\n";
/// How many files a page has where nothing is said.
const PAGE: usize = 100;

/// Whose log lies where.
#[derive(Clone, Debug)]
pub(super) struct Log {
    pub(super) instance: String,
    pub(super) folder: PathBuf,
}

struct File {
    name: String,
    written_ms: u128,
    content: Vec<u8>,
}

pub(super) fn files(form: &Form, log: Option<&Log>) -> Result<String, Refusal> {
    let known =
        ["DBInstanceIdentifier", "FilenameContains", "FileLastWritten", "FileSize", "MaxRecords", "Marker"];
    is_known(form, &known)?;
    let log = of_instance(form, log)?;
    let since = number(form, "FileLastWritten")?.unwrap_or(0) as u128;
    let larger = number(form, "FileSize")?.unwrap_or(0);
    let part = form.get("FilenameContains").map_or("", String::as_str);
    let listed = listed(&log.folder)
        .into_iter()
        .filter(|file| file.written_ms >= since && file.content.len() >= larger && file.name.contains(part));
    let entries: Vec<String> = listed.map(|file| entry(&file)).collect();
    page_of(form, "DescribeDBLogFiles", "DescribeDBLogFiles", &entries, 1..=PAGE)
}

fn entry(file: &File) -> String {
    let (name, written, size) = (&file.name, file.written_ms, file.content.len());
    format!(
        "<DescribeDBLogFilesDetails><LogFileName>{name}</LogFileName><LastWritten>{written}</LastWritten>\
         <Size>{size}</Size></DescribeDBLogFilesDetails>"
    )
}

pub(super) fn portion(form: &Form, log: Option<&Log>) -> Result<String, Refusal> {
    is_known(form, &["DBInstanceIdentifier", "LogFileName", "NumberOfLines", "Marker"])?;
    let log = of_instance(form, log)?;
    let name = form.get("LogFileName").ok_or((400, "MissingParameter", "LogFileName is required"))?;
    let file = listed(&log.folder).into_iter().find(|file| file.name == *name);
    let file = file.ok_or((404, "DBLogFileNotFoundFault", "The log file does not exist"))?;
    let lines = number(form, "NumberOfLines")?.unwrap_or(MAX_LINES).min(MAX_LINES);
    let from = match form.get("Marker").map(String::as_str) {
        None => from_end(&file.content, lines),
        Some("0") => 0,
        Some(marker) => place(marker, &file)?,
    };
    let end = from + lines_end(&file.content[from..], lines);
    let (data, next) = match end - from > MAX_BYTES {
        false => (String::from_utf8_lossy(&file.content[from..end]).into_owned(), end),
        true => {
            let cut = from + MAX_BYTES;
            let next = cut + lines_end(&file.content[cut..], 1);
            (String::from_utf8_lossy(&file.content[from..cut]).into_owned() + CUT, next)
        }
    };
    let is_followed = next < file.content.len();
    Ok(enveloped(
        "DownloadDBLogFilePortion",
        &format!(
            "<LogFileData>{}</LogFileData><Marker>{}</Marker>\
             <AdditionalDataPending>{is_followed}</AdditionalDataPending>",
            escaped(&data),
            marker(next, &file)
        ),
    ))
}

fn of_instance<'l>(form: &Form, log: Option<&'l Log>) -> Result<&'l Log, Refusal> {
    let asked = form.get("DBInstanceIdentifier").ok_or((
        400,
        "MissingParameter",
        "DBInstanceIdentifier is required",
    ))?;
    let found = log.filter(|log| log.instance == *asked);
    found.ok_or((404, "DBInstanceNotFound", "The instance does not exist"))
}

fn listed(folder: &Path) -> Vec<File> {
    let read = |entry: fs::DirEntry| {
        let written = entry.metadata().ok()?.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some(File {
            name: format!("{FOLDER}{}", entry.file_name().to_str()?),
            written_ms: written.as_millis(),
            content: fs::read(entry.path()).ok()?,
        })
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<File> = entries.filter_map(read).collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}

/// What a place is multiplied by in a marker.
const STRETCH: usize = 7;

/// A marker is good for its file alone.
fn marker(place: usize, file: &File) -> String {
    let of_name: usize = file.name.bytes().map(usize::from).sum();
    format!("{of_name}:{}", place * STRETCH + of_name)
}

fn place(text: &str, file: &File) -> Result<usize, Refusal> {
    let stretched = text
        .split_once(':')
        .and_then(|(of_name, place)| place.parse::<usize>().ok()?.checked_sub(of_name.parse().ok()?));
    let place = stretched.map(|stretched| stretched / STRETCH);
    let of_this = place.filter(|place| *place <= file.content.len() && marker(*place, file) == text);
    of_this.ok_or((400, "InvalidParameterValue", "The marker is of no place of this file"))
}

/// Returns where so many lines end; the last one need not be whole.
fn lines_end(content: &[u8], lines: usize) -> usize {
    let ends = content.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    ends.take(lines).nth(lines.saturating_sub(1)).unwrap_or(content.len())
}

fn from_end(content: &[u8], lines: usize) -> usize {
    let body = content.strip_suffix(b"\n").unwrap_or(content);
    let starts = body.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    starts.take(lines).nth(lines.saturating_sub(1)).unwrap_or(0)
}

/// What XML has no letter for is replaced.
fn escaped(text: &str) -> String {
    let escaped = |letter: char| match letter {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '\r' => "&#xD;".to_owned(),
        '\t' | '\n' => letter.to_string(),
        letter if letter.is_control() => char::REPLACEMENT_CHARACTER.to_string(),
        letter => letter.to_string(),
    };
    text.chars().map(escaped).collect()
}
