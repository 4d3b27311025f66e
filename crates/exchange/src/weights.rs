//! A model's weights brought into one file, whether Python wrote one or several. Of several no more is in memory than what
//! is copied at once.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use ombud_models::{Draft, FolderFault, WeightFiles};
use safetensors::tensor::{Metadata, TensorInfo};

use crate::error::ExchangeError;

/// The one file.
pub(super) const WEIGHTS: &str = "model.safetensors";
/// The largest head of a file: what the library that reads it takes.
const LARGEST_HEAD: u64 = 100_000_000;
/// What the head's length is written in.
const LENGTH_BYTES: u64 = 8;

/// Puts the weights of `folder` into `draft`.
///
/// # Errors
/// A file is missing or broken, or the draft can't be written.
pub(super) fn bring(folder: &Path, draft: &Draft) -> Result<(), ExchangeError> {
    let pieces = WeightFiles::in_folder(folder).map_err(|error| ExchangeError::FolderFault {
        dir: folder.to_owned(),
        lacking: FolderFault::WeightFiles(error),
    })?;
    match pieces {
        None => Ok(draft.copy(folder, WEIGHTS)?),
        Some(pieces) => {
            let files = pieces.files().iter().map(|name| Piece::open(folder.join(name.as_str())));
            join(&files.collect::<Result<Vec<_>, _>>()?, &draft.folder().join(WEIGHTS))
        }
    }
}

/// One of several files.
struct Piece {
    path: PathBuf,
    file: File,
    /// Where its tensors begin.
    begin: u64,
    head: Metadata,
}

impl Piece {
    fn open(path: PathBuf) -> Result<Self, ExchangeError> {
        let read = || -> io::Result<(File, Vec<u8>, u64)> {
            let file = File::open(&path)?;
            let bytes = file.metadata()?.len();
            let mut length = [0; 8];
            (&file).read_exact(&mut length)?;
            let mut head = Vec::new();
            (&file).take(u64::from_le_bytes(length).min(LARGEST_HEAD)).read_to_end(&mut head)?;
            Ok((file, head, bytes))
        };
        let (file, head, bytes) = read().map_err(ExchangeError::file(&path))?;
        let begin = LENGTH_BYTES + head.len() as u64;
        let head: Metadata = serde_json::from_slice(&head)
            .map_err(|_| ExchangeError::broken(&path, "its head is no list of tensors"))?;
        if bytes.checked_sub(begin) != Some(head.data_len() as u64) {
            return Err(ExchangeError::broken(
                &path,
                "it is longer or shorter than its head says: bring it again",
            ));
        }
        Ok(Self { path, file, begin, head })
    }
}

/// Writes the tensors of `pieces` into the file `target`.
fn join(pieces: &[Piece], target: &Path) -> Result<(), ExchangeError> {
    let mut tensors: Vec<(String, TensorInfo, usize)> = Vec::new();
    let mut names = BTreeSet::new();
    for (at, piece) in pieces.iter().enumerate() {
        for (name, info) in piece.head.tensors() {
            if !names.insert(name.clone()) {
                return Err(ExchangeError::broken(
                    &piece.path,
                    format!("{name} stands in another file, too"),
                ));
            }
            tensors.push((name, info.clone(), at));
        }
    }
    // Wide numbers first, as the library writes them, so that all lie where such numbers may lie.
    tensors.sort_by(|(a, of_a, _), (b, of_b, _)| (Reverse(of_a.dtype), a).cmp(&(Reverse(of_b.dtype), b)));
    let mut end = 0;
    let joined = tensors.iter().map(|(name, info, _)| {
        let begin = end;
        end += info.data_offsets.1 - info.data_offsets.0;
        (name.clone(), TensorInfo { data_offsets: (begin, end), ..info.clone() })
    });
    let made_by = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    let head = Metadata::new(Some(made_by), joined.collect())
        .map_err(|error| ExchangeError::broken(target, error))?;
    let mut head = serde_json::to_vec(&head).map_err(|error| ExchangeError::broken(target, error))?;
    head.resize(head.len().next_multiple_of(LENGTH_BYTES as usize), b' ');

    let write = || -> io::Result<()> {
        let mut out = BufWriter::new(File::create(target)?);
        out.write_all(&(head.len() as u64).to_le_bytes())?;
        out.write_all(&head)?;
        for (_, info, at) in &tensors {
            let (begin, end) = info.data_offsets;
            let piece = &pieces[*at];
            (&piece.file).seek(SeekFrom::Start(piece.begin + begin as u64))?;
            io::copy(&mut (&piece.file).take((end - begin) as u64), &mut out)?;
        }
        out.flush()
    };
    write().map_err(ExchangeError::file(target))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use safetensors::tensor::{Dtype, TensorView};
    use serde_json::json;

    use super::*;
    use crate::tensors::Tensors;

    fn piece(path: &Path, tensors: &[(&str, &[u8])]) {
        let views = tensors
            .iter()
            .map(|(name, bytes)| (*name, TensorView::new(Dtype::F32, vec![bytes.len() / 4], bytes).unwrap()));
        safetensors::serialize_to_file(views, None, path).unwrap();
    }

    fn bring_of(folder: &Path) -> Result<Tensors, String> {
        let out = tempfile::tempdir().unwrap();
        let draft = Draft::begin(&out.path().join("x"), "ombud.json").unwrap();
        bring(folder, &draft).map_err(|error| error.to_string())?;
        Ok(Tensors::read(&draft.folder().join(WEIGHTS)).unwrap())
    }

    #[test]
    fn tensors_of_several_files_are_those_of_one() {
        let dir = tempfile::tempdir().unwrap();
        let [one, two] = ["m-1.safetensors", "m-2.safetensors"].map(|name| dir.path().join(name));
        let bytes = |value: f32| value.to_le_bytes();
        piece(&one, &[("b", &bytes(1.0)), ("a", &[bytes(2.0), bytes(3.0)].concat())]);
        piece(&two, &[("c", &bytes(4.0))]);
        let index =
            json!({"weight_map": {"a": "m-1.safetensors", "b": "m-1.safetensors", "c": "m-2.safetensors"}});
        fs::write(dir.path().join("model.safetensors.index.json"), index.to_string()).unwrap();
        let tensors = bring_of(dir.path()).unwrap().0;
        assert_eq!(tensors.len(), 3);
        assert_eq!((&tensors["a"].values[..], &tensors["b"].values[..]), (&[2.0, 3.0][..], &[1.0][..]));
        assert_eq!(tensors["c"].values, [4.0]);

        piece(&two, &[("a", &bytes(4.0))]);
        assert!(bring_of(dir.path()).unwrap_err().contains("a stands in another file"));
        let whole = fs::read(&one).unwrap();
        fs::write(&two, &whole[..whole.len() - 1]).unwrap();
        assert!(bring_of(dir.path()).unwrap_err().contains("longer or shorter than its head says"));
        fs::write(&two, u64::MAX.to_le_bytes()).unwrap();
        assert!(bring_of(dir.path()).unwrap_err().contains("its head is no list"));
    }
}
