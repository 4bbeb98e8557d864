//! stub
use super::*;
use crate::spec::ToolSpec;
use std::sync::Arc;
/// stub
pub struct TextDialect(Vec<u8>);
impl TextDialect {
    /// stub
    pub fn new(_: Arc<ToolSpec>, _: u64) -> Self {
        Self(Vec::new())
    }
}
impl Dialect for TextDialect {
    fn open(&mut self, _: &mut Vec<u8>, _: Instant) {}
    fn begin(&mut self, _: &Step, _: bool, _: &mut Vec<u8>, _: Instant) -> Result<(), CannotCarry> {
        Ok(())
    }
    fn interrupted(&mut self, _: &mut Vec<u8>, _: Instant) {}
    fn answer(&mut self, _: &str, _: &mut Vec<u8>) {}
    fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
    fn poll(&mut self, _: Instant) -> Option<Found> {
        None
    }
    fn deadline(&self) -> Option<Instant> {
        None
    }
    fn end_of_output(&mut self) -> Partial {
        Partial::default()
    }
    fn tail(&self) -> &[u8] {
        &self.0
    }
}
