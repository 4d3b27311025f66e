//! A backup is whole or not there, and goes back only as what it was.

use std::{sync::Arc, time::Duration};

use ombud_contract::{catalogue::Topic, records::RawComplaint};
use ombud_local::LocalDesk;
use ombud_store::{Sessions as _, User, Users as _};
use ombud_stream::{ManualClock, SystemClock, TopicPartition};

use super::*;
use crate::{
    Done,
    commands::{
        doctor::{Doctor, doctor},
        repair::{Repair, repair},
        restore::{Restore, restore},
    },
    log::{
        backend::{Backend, READER, View},
        publish::{Publisher, outgoing},
    },
};

struct Place {
    dir: tempfile::TempDir,
    settings: Settings,
}

impl Place {
    /// A data folder with `complaints` complaints and a token.
    fn new(complaints: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let settings = Settings { data: dir.path().join("data"), ..Settings::default() };
        let place = Self { dir, settings };
        place.add(complaints);
        fs::write(place.settings.data.join("operator.token"), "secret").unwrap();
        place
    }

    fn add(&self, complaints: usize) {
        let backend = Backend::embedded(&self.settings).unwrap();
        let mut publisher = Publisher::new(backend.sink(8).unwrap());
        let raw: Arc<str> = Topic::Raw.name("").into();
        for number in 0..complaints {
            let complaint = RawComplaint::new("c-1", format!("They charged me {number} times."), 1);
            publisher.send(outgoing(&raw, "c-1", &complaint).unwrap()).unwrap();
        }
        publisher.flush().unwrap();
    }

    fn complaints(&self) -> i64 {
        let view = View::open(&self.settings).unwrap();
        let raw: Arc<str> = Topic::Raw.name("").into();
        let mut reader = view.reader(READER).unwrap();
        (0..self.settings.embedded.partitions)
            .map(|number| reader.end(&TopicPartition::new(Arc::clone(&raw), number)).unwrap())
            .sum()
    }

    fn kept(&self) -> PathBuf {
        self.dir.path().join("kept")
    }

    fn back_up(&self) -> Result<()> {
        let (args, clock) = (Backup { dir: self.kept() }, ManualClock::at(7_000));
        backup(&args, &self.settings, &clock, &Terminal::default(), &mut Vec::<u8>::new()).map(drop)
    }

    fn restore(&self, replace: bool) -> Result<()> {
        let (args, clock) = (Restore { dir: self.kept(), replace }, ManualClock::at(8_000));
        restore(&args, &self.settings, &clock, &Terminal::default(), &mut Vec::<u8>::new()).map(drop)
    }

    /// How `repair` ends, and what it prints.
    fn repair(&self, accept_loss: bool) -> (Done, String) {
        let mut out = Vec::new();
        let done =
            repair(&Repair { accept_loss }, &self.settings, &ManualClock::at(9_000), &mut out).unwrap();
        (done, String::from_utf8(out).unwrap())
    }

    fn doctor(&self) -> String {
        let mut out = Vec::new();
        doctor(&Doctor { json: false, deep: true }, &self.settings, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_backup_goes_back_into_an_empty_folder_without_tokens_and_nobody_else_may_read_it() {
    let mut place = Place::new(3);
    for beside in ["dossier-key.pem", "dossier-keys.toml"] {
        fs::write(place.settings.data.join(beside), "of dossiers").unwrap();
    }
    place.back_up().unwrap();
    let kept = place.kept();
    for name in ["", "ombud.db", "marks", MANIFEST] {
        assert_eq!(mode(&kept.join(name)), if name.is_empty() { 0o700 } else { 0o600 }, "{name}");
    }
    assert!(!kept.join("operator.token").exists() && !kept.join("dossier-key.pem").exists());
    assert!(place.back_up().unwrap_err().to_string().contains("not empty"));

    place.settings.data = place.dir.path().join("elsewhere");
    place.restore(false).unwrap();
    assert_eq!(place.complaints(), 3);
    let keys = fs::read_to_string(place.settings.data.join("dossier-keys.toml")).unwrap();
    assert_eq!(keys, "of dossiers", "what was signed before is verified by it");
    place.add(1);
    assert_eq!(place.complaints(), 4, "it continues from there");
}

#[test]
fn users_come_back_and_nobody_is_signed_in_by_a_backup() {
    let mut place = Place::new(1);
    let user = User {
        name: "anna".into(),
        password_hash: None,
        roles: ["clerk".to_owned()].into(),
        teams: None,
        disabled: false,
        changed_at: 1,
    };
    let desk = |place: &Place| LocalDesk::open(&place.settings.data, Arc::new(SystemClock)).unwrap();
    let mut before = desk(&place);
    assert!(before.save_user(&user, None).unwrap());
    before.save("secret-digest", "anna", b"body", Duration::from_secs(60)).unwrap();
    place.back_up().unwrap();
    let copy = fs::read(place.kept().join("desk.db")).unwrap();
    assert!(!copy.windows(13).any(|bytes| bytes == b"secret-digest"), "nor does it lie in the file still");

    place.settings.data = place.dir.path().join("elsewhere");
    place.restore(false).unwrap();
    let mut after = desk(&place);
    assert_eq!(after.users().unwrap(), [user]);
    assert_eq!(after.load("secret-digest").unwrap(), None);
}

#[test]
fn what_a_folder_holds_is_replaced_only_when_that_is_said_and_kept_then() {
    let place = Place::new(3);
    place.back_up().unwrap();
    place.add(2);
    let refused = place.restore(false).unwrap_err().to_string();
    assert!(refused.contains("ombud.db") && refused.contains("--replace"), "{refused}");
    assert_eq!(place.complaints(), 5);

    place.restore(true).unwrap();
    assert_eq!(place.complaints(), 3);
    let data = &place.settings.data;
    assert!(data.join("replaced-8000/ombud.db").is_file() && data.join("replaced-8000/marks").is_file());
    assert_eq!(fs::read_to_string(data.join("operator.token")).unwrap(), "secret", "it stays as it is");
    assert_eq!(Local::loss(data).unwrap(), None);
}

#[test]
fn a_folder_that_is_in_use_is_not_restored_to() {
    let place = Place::new(1);
    place.back_up().unwrap();
    let backend = Backend::embedded(&place.settings).unwrap();
    assert!(format!("{:#}", place.restore(true).unwrap_err()).contains("is using it"));
    drop(backend);
    place.restore(true).unwrap();
}

#[test]
fn a_backup_that_was_changed_is_refused_before_anything_is_touched() {
    let place = Place::new(2);
    place.back_up().unwrap();
    place.add(1);
    let db = place.kept().join("ombud.db");
    let mut bytes = fs::read(&db).unwrap();
    bytes[5_000] ^= 1;
    fs::write(&db, bytes).unwrap();
    assert!(place.restore(true).unwrap_err().to_string().contains("not what was backed up"));
    assert_eq!(place.complaints(), 3);
}

#[test]
fn a_list_that_leads_elsewhere_is_refused() {
    let place = Place::new(1);
    place.back_up().unwrap();
    let path = place.kept().join(MANIFEST);
    let honest = fs::read_to_string(&path).unwrap();
    let lies = ["../marks", "/tmp/marks", "models", "models/../../x", "operator.token", "marks/x", ""];
    for name in lies {
        fs::write(&path, honest.replace("\"marks\"", &format!("\"{name}\""))).unwrap();
        let refused = place.restore(true).unwrap_err().to_string();
        assert!(refused.contains("no backup has such a file"), "{name}: {refused}");
    }
    fs::write(&path, honest).unwrap();
    place.restore(true).unwrap();
}

#[test]
fn a_lost_log_is_refused_and_named_by_doctor_until_it_is_accepted_and_told_for_ever_after() {
    let place = Place::new(3);
    assert_eq!(place.repair(true).0, Done::Well, "nothing is lost yet");
    fs::remove_file(place.settings.data.join("ombud.db")).unwrap();
    let refused = Backend::embedded(&place.settings).err().unwrap().to_string();
    assert!(refused.contains("ombud restore") && refused.contains("repair --accept-loss"), "{refused}");
    assert!(place.back_up().is_err(), "damage is not backed up");
    assert!(!beside(&place.kept()).exists());
    let said = place.doctor();
    assert!(said.contains("bad   log") && said.contains("complaints.raw["), "{said}");

    let (done, said) = place.repair(false);
    assert_eq!(done, Done::Wanting);
    assert!(said.contains("complaints.raw["), "{said}");
    let (done, said) = place.repair(true);
    assert_eq!(done, Done::Well);
    assert!(said.contains("(3 records)"), "{said}");
    place.add(1);
    assert_eq!(place.complaints(), 4, "offsets continue after what is lost");
    let said = place.doctor();
    assert!(said.contains("gap") && said.contains("offsets 0 to 2") && !said.contains("bad   log"), "{said}");
    place.back_up().unwrap();
}

#[test]
fn a_deep_look_names_a_changed_record_and_a_backup_refuses_it() {
    let place = Place::new(3);
    let said = place.doctor();
    assert!(said.contains("3 records are as they were written"), "{said}");
    let db = place.settings.data.join("ombud.db");
    let mut bytes = fs::read(&db).unwrap();
    let text = b"They charged me 1 times.";
    let place_of = bytes.windows(text.len()).position(|window| window == text).unwrap();
    bytes[place_of] ^= 1;
    fs::write(&db, bytes).unwrap();
    let said = place.doctor();
    assert!(said.contains("bad   deep") && said.contains("@1: the record is not what was written"), "{said}");
    let refused = place.back_up().unwrap_err().to_string();
    assert!(refused.contains("damaged in 1 places"), "{refused}");
    assert!(!beside(&place.kept()).exists() && !place.kept().exists());
}
