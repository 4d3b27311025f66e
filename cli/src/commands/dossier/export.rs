//! `ombud dossier ID --out FILE`: by the console that runs, else by this process; recorded before the file is written.

use std::{env, io::Write, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result, anyhow, ensure};
use ombud_console::{DossierAsk, DossierDesk as _, DossierRefusal, ExplainDesk};
use ombud_contract::{access::Operation, catalogue::Topic, records::AuditEntry};
use ombud_launch::{config::Settings, shutdown::Shutdown};
use ombud_local::Local;
use ombud_stream::{Clock, SystemClock};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::ExportOptions;
#[cfg(feature = "torch")]
use crate::explaining::OwnChild;
use crate::{
    Done,
    dossier::{DossierMaker, exported, write_new},
    explaining::{Explains, ServedExplanations},
    input::login::login,
    log::{
        audit::{Actor, AppendAudit, append_audit_to},
        backend::Backend,
    },
    running_up::{
        self,
        desk::{DeskClient, encoded},
    },
};

/// How much longer than the explanations a dossier may take.
const MORE_THAN_EXPLAINING: Duration = Duration::from_secs(30);

/// Which dossier is wanted, and the file that it goes to.
pub(super) struct Export<'a> {
    pub(super) id: &'a str,
    pub(super) file: &'a Path,
    pub(super) options: &'a ExportOptions,
}

/// Who makes it.
enum Maker {
    /// A console.
    Console(DeskClient),
    /// This process.
    Here(Backend),
}

/// Writes the dossier, and prints what it is.
pub(super) fn export(wanted: &Export<'_>, settings: &Settings, out: &mut impl Write) -> Result<Done> {
    let Export { id, file: to, options } = wanted;
    let shown = to.display();
    ensure!(!to.exists(), "write {shown}: that file is there already; name another, or move it away");
    let file = match maker(options, settings)? {
        Maker::Console(console) => console.file(&path(id, options))?.into_bytes(),
        Maker::Here(backend) => here(wanted, settings, &backend)?,
    };
    write_new(to, &file)?;
    let (sha256, key_id) = (hex::encode(Sha256::digest(&file)), key_id(&file));
    if options.json {
        let object = json!({
            "file": to, "complaint_id": id, "sha256": sha256, "key_id": key_id,
        });
        writeln!(out, "{object}")?;
    } else {
        writeln!(out, "{shown}: the dossier of {id}, signed by key {key_id}\nsha256 {sha256}")?;
    }
    Ok(Done::Well)
}

/// The one that runs; else this process, which then alone has the data folder.
fn maker(options: &ExportOptions, settings: &Settings) -> Result<Maker> {
    let is_embedded = settings.kafka_bootstrap.is_empty();
    if options.console.console.is_some() || (is_embedded && is_served(settings)?) {
        let timeout = Duration::from_secs(settings.explain.timeout_s) + MORE_THAN_EXPLAINING;
        return Ok(Maker::Console(DeskClient::of(&options.console, settings)?.patient(timeout)));
    }
    if !is_embedded {
        return Ok(Maker::Here(Backend::brokers(settings, &[(Topic::Audit, Operation::Write)])?));
    }
    Ok(Maker::Here(Backend::embedded(settings)?))
}

/// Whether this process would have to explain by itself: nobody else makes the dossier, and the settings name nobody who explains.
#[cfg(not(feature = "torch"))]
pub(super) fn computes(options: &ExportOptions, settings: &Settings) -> Result<bool> {
    let is_alone = options.console.console.is_none() && settings.kafka_bootstrap.is_empty();
    Ok(is_alone && settings.explain.address.is_empty() && !is_served(settings)?)
}

/// Whether an `up` has the data folder.
fn is_served(settings: &Settings) -> Result<bool> {
    let data = &settings.data;
    ensure!(
        !Local::is_new(data)?,
        "find the log in {}: there is none; name its folder with --data, or Kafka with --kafka",
        data.display()
    );
    running_up::is_served(data)
}

fn path(id: &str, options: &ExportOptions) -> String {
    let mut query = Vec::new();
    query.extend(options.as_of.map(|as_of| format!("as_of={as_of}")));
    query.extend(options.text.as_ref().map(|reason| format!("reason={}", encoded(reason))));
    query.extend(options.no_evidence.then(|| "evidence=false".to_owned()));
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    format!("/api/complaints/{}/dossier{query}", encoded(id))
}

/// The dossier as this process makes it, with a child that explains where the settings name nobody who does. That somebody exported
/// it is durable when this returns.
fn here(wanted: &Export<'_>, settings: &Settings, backend: &Backend) -> Result<Vec<u8>> {
    let stop = Shutdown::default();
    let by = Explains::named(settings);
    #[cfg(feature = "torch")]
    let (by, child) = match by {
        Some(named) => (Some(named), None),
        None => {
            let child = OwnChild::new(settings, stop.clone());
            (Some(Explains::Child(Arc::clone(&child))), Some(child))
        }
    };
    let explain = by.map(|by| -> Arc<dyn ExplainDesk> {
        Arc::new(ServedExplanations::new(backend.view(), settings, by, stop.clone()))
    });
    let made = made(wanted, settings, backend, explain);
    stop.request();
    #[cfg(feature = "torch")]
    if let Some(child) = child {
        child.watch(&stop);
    }
    made
}

fn made(
    wanted: &Export<'_>,
    settings: &Settings,
    backend: &Backend,
    explain: Option<Arc<dyn ExplainDesk>>,
) -> Result<Vec<u8>> {
    let Export { id, options, .. } = wanted;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let maker = DossierMaker::of(backend.view(), settings, explain, Arc::clone(&clock))?.context(
        "sign a dossier: no key is set; make one with `ombud dossier key --out FILE`, and name it in dossier.key_file",
    )?;
    let name = ["LOGNAME", "USER"].iter().find_map(|name| env::var(name).ok());
    let actor = Actor::of_command(&login(name));
    let ask = DossierAsk {
        complaint_id: (*id).to_owned(),
        as_of: options.as_of,
        reason_code: options.text.clone(),
        with_evidence: !options.no_evidence,
        asked_by: actor.name.clone(),
        roles: Vec::new(),
        source: "command".to_owned(),
    };
    let file = maker.make(&ask).map_err(|refusal| refused(id, refusal))?.file;
    let events = backend.view().cases()?.case(id)?;
    let entries = exported(&actor, &ask, &events, &file, clock.now_ms());
    recorded(file, &entries, append_audit_to(backend, &settings.topics.prefix)?)
}

/// The file, once everything about it is recorded: without that nobody gets it.
fn recorded(file: Vec<u8>, entries: &[AuditEntry], mut append: AppendAudit) -> Result<Vec<u8>> {
    entries.iter().try_for_each(append.as_mut())?;
    Ok(file)
}

fn refused(id: &str, refusal: DossierRefusal) -> anyhow::Error {
    match refusal {
        DossierRefusal::NotAvailable => anyhow!("sign a dossier: no key is set (dossier.key_file)"),
        DossierRefusal::Busy => {
            anyhow!("have the answers explained: whoever explains has enough to do; try again in a moment")
        }
        DossierRefusal::NothingDecided => {
            anyhow!("find a decision about {id}: nothing was archived, or nothing was decided until then")
        }
        DossierRefusal::Refused { error, .. } => anyhow!(error),
        DossierRefusal::Outage(why) => anyhow!("make the dossier of {id}: {why}"),
    }
}

/// The key that signed, by its id, as the file says.
fn key_id(file: &[u8]) -> String {
    let envelope: Value = serde_json::from_slice(file).unwrap_or_default();
    envelope["signatures"][0]["keyid"].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::running_up::desk::ConsoleAddress;

    #[test]
    fn a_running_console_is_asked_for_what_the_flags_say() {
        assert_eq!(path("c-1", &ExportOptions::default()), "/api/complaints/c-1/dossier");
        let all = ExportOptions {
            as_of: Some(7),
            text: Some("FOS".into()),
            no_evidence: true,
            ..Default::default()
        };
        assert_eq!(
            path("a/b ?", &all),
            "/api/complaints/a%2Fb%20%3F/dossier?as_of=7&reason=FOS&evidence=false"
        );
    }

    #[test]
    fn without_its_record_nobody_gets_the_file() {
        let actor = Actor::of_command("ann");
        let entry = actor.entry("dossier-exported", "c-1", None, 7, "once");
        let full: AppendAudit = Box::new(|_| Err(anyhow!("the disk is full")));
        let refused = recorded(b"file".to_vec(), std::slice::from_ref(&entry), full).unwrap_err();
        assert!(refused.to_string().contains("full"));
        let taken: AppendAudit = Box::new(|_| Ok(()));
        assert_eq!(recorded(b"file".to_vec(), &[entry], taken).unwrap(), b"file");
    }

    #[test]
    fn nothing_is_made_beside_a_file_of_that_name_and_nothing_where_no_log_is() {
        let dir = tempfile::tempdir().unwrap();
        let settings = Settings { data: dir.path().join("nowhere"), ..Settings::default() };
        let file = dir.path().join("there.json");
        let try_with = |options: &ExportOptions| {
            let wanted = Export { id: "c-1", file: &file, options };
            export(&wanted, &settings, &mut Vec::new()).unwrap_err().to_string()
        };
        let refused = try_with(&ExportOptions::default());
        assert!(refused.starts_with("find the log in"), "{refused}");
        assert!(!settings.data.exists() && !file.exists());
        std::fs::write(&file, "mine").unwrap();
        let elsewhere = ConsoleAddress { console: Some("https://ombud.bank.example".into()) };
        for options in [ExportOptions::default(), ExportOptions { console: elsewhere, ..Default::default() }]
        {
            let refused = try_with(&options);
            assert!(refused.contains("there already"), "{refused}");
        }
    }

    #[test]
    fn the_key_that_signed_is_named_as_the_file_has_it() {
        assert_eq!(key_id(br#"{"signatures":[{"keyid":"ab12","sig":""}]}"#), "ab12");
        assert_eq!(key_id(b"no json"), "");
    }
}
