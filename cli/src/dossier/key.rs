//! The key that signs dossiers: the one of the settings, or one that the embedded log's data folder gets when it is needed
//! first, beside the list that strangers verify by.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::UNIX_EPOCH,
};

use anyhow::{Context, Result};
use ombud_dossier::SigningKey;
use ombud_launch::config::Settings;

/// The key in the data folder.
const KEY_FILE: &str = "dossier-key.pem";
/// The list of keys in the data folder.
pub(crate) const KEYS_FILE: &str = "dossier-keys.toml";
/// Whoever has the key signs as its owner does.
const OWNERS: u32 = 0o600;

const LIST_HEAD: &str = "\
# The keys that sign dossiers here, for `ombud dossier verify FILE --keys`. Publish it, and keep the entries of keys that are used no
# more: say `until` in them, or `revoked` from when on somebody else may have had the key.
";

/// Where the key comes from.
pub(crate) enum DossierKey {
    /// The settings have it.
    Set(SigningKey),
    /// The data folder has it, or gets it.
    InFolder {
        /// The folder.
        data: PathBuf,
        /// One is made at a time.
        making: Mutex<()>,
    },
}

impl DossierKey {
    /// That of `settings`; `None` where they have none and the log is shared: several processes would each make another.
    ///
    /// # Errors
    /// What is set is no such key.
    pub(crate) fn of(settings: &Settings) -> Result<Option<Self>> {
        let key = &settings.dossier.key;
        if !key.is_empty() {
            let set = SigningKey::from_pem(key.reveal())
                .context("accept dossier.key (or what dossier.key_file names)")?;
            return Ok(Some(Self::Set(set)));
        }
        let is_embedded = settings.kafka_bootstrap.is_empty();
        Ok(is_embedded.then(|| Self::InFolder { data: settings.data.clone(), making: Mutex::default() }))
    }

    /// The key; the data folder's is made where there is none yet, at `now`.
    ///
    /// # Errors
    /// It can't be read, or made.
    pub(crate) fn signing(&self, now: i64) -> Result<SigningKey> {
        match self {
            Self::Set(key) => Ok(key.clone()),
            Self::InFolder { data, making } => {
                let _one_at_a_time = making.lock().unwrap_or_else(PoisonError::into_inner);
                in_folder(data, now)
            }
        }
    }

    /// Its entry of the list of keys, in force from when it was made; of one that the settings have from `now` on.
    ///
    /// # Errors
    /// There is none yet, or it can't be read.
    pub(crate) fn entry(&self, now: i64) -> Result<String> {
        match self {
            Self::Set(key) => Ok(key.public().to_entry(now)?),
            Self::InFolder { data, .. } => {
                let list = data.join(KEYS_FILE);
                fs::read_to_string(&list).with_context(|| {
                    format!("read {}: `ombud up` makes it with its first dossier", list.display())
                })
            }
        }
    }
}

/// The key in `data`, made at `now` where there is none. Its entry is in the list beside it.
fn in_folder(data: &Path, now: i64) -> Result<SigningKey> {
    let (file, list) = (data.join(KEY_FILE), data.join(KEYS_FILE));
    let (key, from) = match fs::read_to_string(&file) {
        Ok(pem) => {
            let key = SigningKey::from_pem(&pem).with_context(|| format!("read {}", file.display()))?;
            (key, made_at(&file).unwrap_or(now))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let key = SigningKey::generate();
            write_new(&file, key.to_pem()?.as_bytes())?;
            (key, now)
        }
        Err(error) => return Err(error).with_context(|| format!("read {}", file.display())),
    };
    list_key(&list, &key, from).with_context(|| format!("write {}", list.display()))?;
    Ok(key)
}

/// Adds `key` to `list`, unless it is there.
fn list_key(list: &Path, key: &SigningKey, from: i64) -> Result<()> {
    let listed = match fs::read_to_string(list) {
        Ok(listed) => listed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => LIST_HEAD.to_owned(),
        Err(error) => return Err(error.into()),
    };
    let public = key.public();
    if listed.contains(&public.id()?) {
        return Ok(());
    }
    let whole = format!("{listed}\n{}", public.to_entry(from)?);
    // Whole or not at all.
    let arriving = list.with_extension("toml.partial");
    fs::write(&arriving, whole)?;
    Ok(fs::rename(&arriving, list)?)
}

/// When the file was written, in milliseconds since 1970.
fn made_at(file: &Path) -> Option<i64> {
    let modified = fs::metadata(file).and_then(|found| found.modified()).ok()?;
    i64::try_from(modified.duration_since(UNIX_EPOCH).ok()?.as_millis()).ok()
}

/// Writes `content` to `file`, which must not be there, for its owner alone; durable when it returns.
///
/// # Errors
/// It is there already, or can't be written.
pub(crate) fn write_new(file: &Path, content: &[u8]) -> Result<()> {
    let opened = OpenOptions::new().write(true).create_new(true).mode(OWNERS).open(file);
    let mut opened = opened.with_context(|| match file.exists() {
        true => {
            format!("write {}: that file is there already; name another, or move it away", file.display())
        }
        false => format!("write {}", file.display()),
    })?;
    let written = opened.write_all(content).and_then(|()| opened.sync_all());
    written.with_context(|| format!("write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use ombud_dossier::KeyList;

    use super::*;

    const NOW: i64 = 1_798_761_600_000;

    fn settings(data: &Path) -> Settings {
        Settings { data: data.to_owned(), ..Settings::default() }
    }

    #[test]
    fn the_data_folder_gets_one_key_for_its_owner_alone_and_its_entry_for_everybody() {
        let dir = tempfile::tempdir().unwrap();
        let key = DossierKey::of(&settings(dir.path())).unwrap().unwrap();
        assert!(key.entry(NOW).unwrap_err().to_string().contains("first dossier"));
        let first = key.signing(NOW).unwrap();
        let again = DossierKey::of(&settings(dir.path())).unwrap().unwrap().signing(NOW + 1).unwrap();
        assert_eq!(first.public().id().unwrap(), again.public().id().unwrap());
        let mode = fs::metadata(dir.path().join(KEY_FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, OWNERS);
        let list = key.entry(NOW).unwrap();
        assert_eq!(list.matches("[[key]]").count(), 1, "{list}");
        assert!(list.contains("from = 2027-01-01T00:00:00Z") && !list.contains("PRIVATE"), "{list}");
        KeyList::parse(&list).unwrap();
    }

    #[test]
    fn a_list_that_was_lost_is_made_again_and_one_that_is_there_keeps_its_other_keys() {
        let dir = tempfile::tempdir().unwrap();
        let key = DossierKey::of(&settings(dir.path())).unwrap().unwrap();
        key.signing(NOW).unwrap();
        let former = SigningKey::generate().public().to_entry(0).unwrap();
        fs::write(dir.path().join(KEYS_FILE), &former).unwrap();
        key.signing(NOW).unwrap();
        let list = key.entry(NOW).unwrap();
        assert!(list.starts_with(&former) && list.matches("[[key]]").count() == 2, "{list}");
        KeyList::parse(&list).unwrap();
    }

    #[test]
    fn the_settings_key_wins_and_what_is_none_is_refused_and_not_shown() {
        let dir = tempfile::tempdir().unwrap();
        let mut settings = settings(dir.path());
        let own = SigningKey::generate();
        settings.dossier.key = own.to_pem().unwrap().as_str().into();
        let key = DossierKey::of(&settings).unwrap().unwrap();
        assert_eq!(key.signing(NOW).unwrap().public().id().unwrap(), own.public().id().unwrap());
        assert!(!dir.path().join(KEY_FILE).exists());
        settings.dossier.key = "sesame".into();
        let refused = format!("{:#}", DossierKey::of(&settings).err().unwrap());
        assert!(refused.contains("dossier.key_file") && !refused.contains("sesame"), "{refused}");
        settings.dossier.key = "".into();
        settings.kafka_bootstrap = "one:9092".into();
        assert!(DossierKey::of(&settings).unwrap().is_none(), "several processes would each make another");
    }

    #[test]
    fn a_key_is_never_written_over_a_file_that_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("key.pem");
        write_new(&file, b"one").unwrap();
        let refused = format!("{:#}", write_new(&file, b"two").unwrap_err());
        assert!(refused.contains("there already"), "{refused}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "one");
    }
}
