pub const KEY: &str = "{anthropic.api}";
pub const VERSION: usize = 1;
