//! Measures how long `analyse` takes per statement, by the way a text takes: parsed, scanned alone, or cached.
//! Takes a directory of `.sql` files with one statement each, such as `integration/fuzz-corpus/sql`.

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use pgquerylens_sql::{AnalysisCache, FingerprintSource, RawSql, analyse};

const ROUNDS: u32 = 200;

fn main() -> Result<(), Box<dyn Error>> {
    let Some(directory) = std::env::args().nth(1) else { return Err("usage: throughput DIRECTORY".into()) };
    let mut texts = Vec::new();
    for file in std::fs::read_dir(directory)? {
        texts.push(RawSql::from_bytes(&std::fs::read(file?.path())?));
    }
    let is_parsed = |text: &RawSql| analyse(text).fingerprint.source == FingerprintSource::Parser;
    let (parsed, scanned): (Vec<RawSql>, Vec<RawSql>) = texts.iter().cloned().partition(is_parsed);
    let cut: Vec<RawSql> = texts.iter().cloned().map(RawSql::mark_cut).collect();
    let mut cache = AnalysisCache::new(texts.len(), 1 << 20);
    measure("parser's fingerprint", &parsed, |text| drop(black_box(analyse(text))));
    measure("scanner's fingerprint", &scanned, |text| drop(black_box(analyse(text))));
    measure("never parsed", &cut, |text| drop(black_box(analyse(text))));
    measure("from the cache", &texts, |text| drop(black_box(cache.analyse(text))));
    Ok(())
}

fn measure(name: &str, texts: &[RawSql], mut work: impl FnMut(&RawSql)) {
    let bytes: usize = texts.iter().map(RawSql::len_bytes).sum();
    let start = Instant::now();
    for _ in 0..ROUNDS {
        texts.iter().for_each(&mut work);
    }
    let count = texts.len().max(1);
    let micros = start.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS) / count as f64;
    println!("{name:<24} {count:>4} texts of {:>4} bytes on average: {micros:>7.1} µs each", bytes / count);
}
