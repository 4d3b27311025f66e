//! Settings: defaults in code, then `ombud.toml`, then `OMBUD_*` variables, then flags; the last one wins.
//!
//! `OMBUD_INFER__TOKEN_BUDGET` is `infer.token_budget`. Whatever is unknown or out of range is refused with
//! where it was written and what would be right.

mod load;
mod rule;
mod settings;

pub use load::{Flag, Inputs, Loaded, load};
pub use settings::{Archive, Embedded, Http, Infer, Join, LogFormat, Settings, Topics};
