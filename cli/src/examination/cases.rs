//! The case store on a CQL server.

use ombud_launch::config::Settings;
use ombud_store::Found;
use ombud_stream::{Clock, SystemClock};

use super::{Finding, clocks};
use crate::log::connect;

pub(super) fn check(settings: &Settings, findings: &mut Vec<Finding>) {
    let asked_at = SystemClock.now_ms();
    let found = connect::cql(settings).and_then(|connection| Ok(ombud_store::check(&connection)?));
    match found {
        Ok(found) => {
            findings.push(tables(&settings.cql.keyspace, &found));
            findings.push(clocks::compare("the CQL server's", found.now_ms, asked_at, SystemClock.now_ms()));
        }
        Err(error) => findings.push(Finding::failed("cql", error)),
    }
}

fn tables(keyspace: &str, found: &Found) -> Finding {
    let Found { release, datacenter, nodes, replication, missing, newer, .. } = found;
    let server = format!("release {release}, nodes in {datacenter}: {nodes}");
    if replication.is_none() {
        return Finding::bad("cql", format!("{server}; no keyspace {keyspace}"), "run `ombud setup`");
    }
    if !newer.is_empty() {
        let found = format!("{server}; {keyspace} was migrated by a newer build (steps {newer:?})");
        return Finding::bad("cql", found, "run that build here too");
    }
    if !missing.is_empty() {
        let found = format!("{server}; {keyspace} lacks {}", missing.join(", "));
        return Finding::bad("cql", found, "run `ombud setup`");
    }
    Finding::ok("cql", format!("{server}; all tables of {keyspace} are there"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examination::Health;

    #[test]
    fn tables_that_are_missing_or_too_new_are_bad() {
        let well = Found {
            release: "5.0.9".into(),
            datacenter: "dc".into(),
            nodes: 1,
            replication: Some([].into()),
            missing: Vec::new(),
            newer: Vec::new(),
            now_ms: 0,
        };
        assert_eq!(tables("k", &well).health, Health::Ok);
        for bad in [
            Found { replication: None, ..well.clone() },
            Found { missing: vec!["0001-tables".into()], ..well.clone() },
            Found { newer: vec![9], ..well },
        ] {
            assert_eq!(tables("k", &bad).health, Health::Bad);
        }
    }
}
