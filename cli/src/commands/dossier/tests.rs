//! What goes together on the command line, and keys as the command makes them.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use clap::{Parser, error::ErrorKind};
use ombud_dossier::{KeyList, SigningKey};
use ombud_stream::ManualClock;

use super::*;
use crate::command_line::{Cli, Command};

fn parsed(line: &str) -> Result<Dossier, ErrorKind> {
    let cli = Cli::try_parse_from(["ombud", "dossier"].into_iter().chain(line.split(' ')));
    match cli.map_err(|refused| refused.kind())?.command {
        Command::Dossier(args) => Ok(*args),
        _ => panic!("it is a dossier"),
    }
}

fn of(command: DossierCommand) -> Dossier {
    Dossier { command: Some(command), id: None, out: None, options: ExportOptions::default() }
}

#[test]
fn an_export_needs_a_file_and_a_check_needs_keys_and_neither_needs_the_other() {
    assert!(!parsed("c-1 --out file").unwrap().needs_no_settings());
    assert!(!parsed("keys").unwrap().needs_no_settings());
    assert!(parsed("verify file --keys list").unwrap().needs_no_settings());
    assert!(parsed("key --out file").unwrap().needs_no_settings());
    for line in ["c-1", "verify file", "verify --keys list", "key"] {
        assert_eq!(parsed(line).err(), Some(ErrorKind::MissingRequiredArgument), "{line}");
    }
    let export = parsed("c-1 --as-of 2027-01-01 --text FOS --no-evidence --out file").unwrap();
    assert_eq!((export.id.as_deref(), export.out.as_deref()), (Some("c-1"), Some(Path::new("file"))));
    let options = export.options;
    assert_eq!((options.as_of, options.text.as_deref()), (Some(1_798_761_600_000), Some("FOS")));
    assert!(options.no_evidence && !options.json && options.console.console.is_none());
}

#[test]
fn a_key_that_is_made_is_its_owners_alone_and_what_is_printed_is_a_list_of_one() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("key.pem");
    let args = of(DossierCommand::Key { out: file.clone() });
    let mut out = Vec::new();
    alone(&args, &ManualClock::at(1_798_761_600_000), &mut out).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let key = SigningKey::from_pem(&fs::read_to_string(&file).unwrap()).unwrap();
    let entry = String::from_utf8(out).unwrap();
    assert!(entry.contains(&key.public().id().unwrap()) && !entry.contains("PRIVATE"), "{entry}");
    KeyList::parse(&entry).unwrap();
    let again = alone(&args, &ManualClock::at(0), &mut Vec::new()).unwrap_err();
    assert!(format!("{again:#}").contains("there already"));
}

#[test]
fn the_key_that_signs_here_prints_its_entry() {
    let key = SigningKey::generate();
    let mut settings = Settings::default();
    settings.dossier.key = key.to_pem().unwrap().as_str().into();
    let args = of(DossierCommand::Keys);
    let mut out = Vec::new();
    dossier(&args, &settings, &mut out).unwrap();
    let entry = String::from_utf8(out).unwrap();
    assert!(entry.contains(&key.public().id().unwrap()), "{entry}");
    settings.dossier.key = "".into();
    settings.kafka_bootstrap = "one:9092".into();
    let none = dossier(&args, &settings, &mut Vec::new()).unwrap_err().to_string();
    assert!(none.contains("dossier.key_file"), "{none}");
}
