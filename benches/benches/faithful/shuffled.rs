//! A blend whose weights stand at other places: all of its bag's table, and the encoder's heads. Each has the same numbers as
//! before, and none of what was learned.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use ombud_models::Artefact;
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};
use serde_json::{Map, Value};

const TENSORS: &str = "model.safetensors";

/// Writes it to `folder`.
pub(crate) fn shuffled(blend: &Artefact, folder: &Path) -> Result<Artefact> {
    copy(&blend.dir, folder)?;
    shuffle(&folder.join("bag").join(TENSORS), |name| name == "table")?;
    shuffle(&folder.join("encoder").join(TENSORS), |name| name.starts_with("heads."))?;
    Ok(Artefact::open(folder)?)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy(&entry.path(), &to)?,
            false => drop(fs::copy(entry.path(), to)?),
        }
    }
    Ok(())
}

/// Shuffles the numbers of each tensor that `is_one` names: eight bytes of the header's length, the header, the tensors.
fn shuffle(file: &Path, is_one: impl Fn(&str) -> bool) -> Result<()> {
    let mut bytes = fs::read(file)?;
    let length = bytes.first_chunk::<8>().context("a header")?;
    let data = 8 + usize::try_from(u64::from_le_bytes(*length))?;
    let header: Map<String, Value> = serde_json::from_slice(bytes.get(8..data).context("a header")?)?;
    for (name, tensor) in header.iter().filter(|(name, _)| is_one(name)) {
        let width = match tensor["dtype"].as_str() {
            Some("F32") => 4,
            Some("I8") => 1,
            other => anyhow::bail!("{name} is of {other:?}"),
        };
        let offset =
            |at: usize| tensor["data_offsets"][at].as_u64().context("an offset").map(|at| data + at as usize);
        let tensor = bytes.get_mut(offset(0)?..offset(1)?).context("a tensor")?;
        let mut numbers: Vec<Vec<u8>> = tensor.chunks(width).map(<[u8]>::to_vec).collect();
        numbers.shuffle(&mut StdRng::seed_from_u64(1));
        tensor.copy_from_slice(&numbers.concat());
    }
    Ok(fs::write(file, bytes)?)
}
