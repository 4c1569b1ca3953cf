mod keys;

use keys::KEY as K;
use tinyai::anthropic::Client;

fn length() -> usize {
    use crate::keys::{KEY as LOCAL, VERSION};
    LOCAL.len() + VERSION
}

fn main() -> tinyai::Result<()> {
    println!("{}", Client::new(K).ask("renamed?")?.len() > 2);
    println!("{}", format!("{K}").len() + VERSIONED.len() == 2 * length() + 1);
    Ok(())
}

static VERSIONED: [u8; 110] = [0; 110];
