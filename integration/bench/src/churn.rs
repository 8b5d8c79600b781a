//! Eviction.
pub(crate) async fn run(_: &crate::arguments::Arguments) -> crate::Result<bool> { Ok(true) }
