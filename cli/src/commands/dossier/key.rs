//! `ombud dossier key` and `ombud dossier keys`: the key that signs, and what others verify by.

use std::{io::Write, path::Path};

use anyhow::{Result, bail};
use ombud_dossier::SigningKey;
use ombud_launch::config::Settings;
use ombud_stream::{Clock, SystemClock};

use crate::{
    Done,
    dossier::{DossierKey, write_new},
};

/// Makes a key in `file`, which must be new, and prints its entry of the list.
pub(crate) fn make(file: &Path, clock: &dyn Clock, out: &mut impl Write) -> Result<Done> {
    let key = SigningKey::generate();
    write_new(file, key.to_pem()?.as_bytes())?;
    write!(out, "{}", key.public().to_entry(clock.now_ms())?)?;
    Ok(Done::Well)
}

/// Prints the entry of the key that signs here.
pub(super) fn print(settings: &Settings, out: &mut impl Write) -> Result<Done> {
    let Some(key) = DossierKey::of(settings)? else {
        bail!(
            "find the key of dossiers: none is set; make one with `ombud dossier key --out FILE`, and name it in dossier.key_file"
        )
    };
    write!(out, "{}", key.entry(SystemClock.now_ms())?)?;
    Ok(Done::Well)
}
