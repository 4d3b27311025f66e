//! `ombud dossier verify`: whether a file is a dossier that a listed key signed, offline.

use std::{fs, io::Write, path::Path};

use anyhow::{Context, Result, anyhow, ensure};
use ombud_dossier::{KeyList, Verified, VerifyError};
use serde_json::{Value, json};

use super::Verify;
use crate::{Done, dossier::write_new, output::time::written_time};

/// Prints what is said by a dossier that is genuine.
///
/// # Errors
/// It is not; with `--json` that is printed as well.
pub(crate) fn verify(args: &Verify, out: &mut impl Write) -> Result<Done> {
    let keys = fs::read_to_string(&args.keys).with_context(|| format!("read {}", args.keys.display()))?;
    let keys = KeyList::parse(&keys).with_context(|| format!("read {}", args.keys.display()))?;
    if let Some(page) = &args.page {
        ensure!(!page.exists(), "write {}: that file is there already; name another", page.display());
    }
    let file = fs::read(&args.file).with_context(|| format!("read {}", args.file.display()))?;
    let verified = match ombud_dossier::verify(&file, &keys) {
        Ok(verified) => verified,
        Err(refused) => {
            if args.json {
                writeln!(out, "{}", refusal(&refused))?;
            }
            return Err(anyhow!("verify {}: {refused}", args.file.display()));
        }
    };
    if let Some(page) = &args.page {
        // It says as much as the dossier: for its owner alone.
        write_new(page, verified.page.as_bytes())?;
    }
    if args.json {
        writeln!(out, "{}", as_json(&verified)?)?;
    } else {
        writeln!(out, "{}", in_words(&args.file, &verified)?)?;
    }
    Ok(Done::Well)
}

fn refusal(refused: &VerifyError) -> Value {
    json!({ "verified": false, "field": refused.field, "error": refused.what })
}

fn as_json(verified: &Verified) -> Result<Value> {
    Ok(json!({
        "verified": true,
        "complaint_id": verified.complaint_id,
        "exported_at": written_time(verified.exported_at)?,
        "exported_by": verified.exported_by,
        "key_id": verified.key_id,
        "records": verified.records,
        "withheld": verified.withheld,
        "draws": verified.draws,
    }))
}

fn in_words(file: &Path, verified: &Verified) -> Result<String> {
    let Verified { complaint_id, exported_by, key_id, records, withheld, draws, .. } = verified;
    let at = written_time(verified.exported_at)?;
    Ok(format!(
        "{}: genuine, and unchanged since it was signed\ncomplaint {complaint_id}, exported {at} by {exported_by}\nsigned by key \
         {key_id}\n{records} records with the hashes that it says, {withheld} withheld, {draws} draws computed again",
        file.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verified() -> Verified {
        Verified {
            statement: json!({}),
            page: String::new(),
            key_id: "ab12".into(),
            complaint_id: "c-1".into(),
            exported_at: 1_798_761_600_000,
            exported_by: "ann".into(),
            records: 12,
            withheld: 1,
            draws: 3,
        }
    }

    #[test]
    fn what_is_genuine_says_whose_it_is_and_what_was_computed_again() {
        let said = in_words(Path::new("c-1.json"), &verified()).unwrap();
        for words in [
            "c-1.json: genuine",
            "c-1, exported 2027-01-01T00:00:00Z by ann",
            "key ab12",
            "12 records",
            "3 draws",
        ] {
            assert!(said.contains(words), "{words}: {said}");
        }
        let object = as_json(&verified()).unwrap();
        assert_eq!((object["verified"].as_bool(), object["records"].as_i64()), (Some(true), Some(12)));
    }

    #[test]
    fn what_is_no_dossier_is_a_failure_in_one_sentence_and_in_json_as_well() {
        let dir = tempfile::tempdir().unwrap();
        let (file, keys) = (dir.path().join("file"), dir.path().join("keys.toml"));
        fs::write(&file, "no dossier").unwrap();
        let key = ombud_dossier::SigningKey::generate().public().to_entry(0).unwrap();
        fs::write(&keys, key).unwrap();
        let mut args = Verify { file, keys, page: Some(dir.path().join("page.html")), json: true };
        let mut out = Vec::new();
        let refused = format!("{:#}", verify(&args, &mut out).unwrap_err());
        assert!(refused.starts_with("verify ") && refused.lines().count() == 1, "{refused}");
        let object: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(object["verified"], false);
        assert!(object["error"].as_str().is_some_and(|error| refused.contains(error)), "{refused}");
        assert!(!dir.path().join("page.html").exists(), "nothing of it is believed");
        args.keys = dir.path().join("nowhere.toml");
        let refused = format!("{:#}", verify(&args, &mut out).unwrap_err());
        assert!(refused.contains("nowhere.toml"), "{refused}");
    }
}
