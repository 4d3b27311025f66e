//! From the groups that a provider or a proxy names to roles and teams, by the tables in the settings.

use std::collections::{BTreeMap, BTreeSet};

use ombud_launch::{
    config::SignIn,
    guard::{Person, Role, Teams},
};

/// Bytes of a name; what a verdict's actor may have.
const NAME_BYTES: usize = 128;
/// Names by which others sign.
const TAKEN: [&str; 2] = ["nobody", "operator"];

/// Whether records can be signed with `name`: short, in one line, with nothing that can't be seen, and nobody else's.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = |c: char| !c.is_control() && (c == ' ' || !c.is_whitespace());
    !name.is_empty()
        && name.len() <= NAME_BYTES
        && name.trim() == name
        && name.chars().all(plain)
        && ombud_contract::shown::shown(name) == name
        && !TAKEN.contains(&name)
}

/// Which groups have which roles, and work for which teams.
#[derive(Clone, Debug, Default)]
pub(crate) struct GroupTable {
    roles: BTreeMap<String, BTreeSet<Role>>,
    teams: BTreeMap<String, BTreeSet<String>>,
    all_teams: BTreeSet<String>,
}

impl GroupTable {
    /// The table of the settings.
    pub(crate) fn of(settings: &SignIn) -> Self {
        let mut table = Self { all_teams: listed(&settings.all_teams).collect(), ..Self::default() };
        for (name, groups) in &settings.roles {
            let Some(role) = Role::named(name) else { continue };
            for group in listed(groups) {
                table.roles.entry(group).or_default().insert(role);
            }
        }
        for (team, groups) in &settings.teams {
            for group in listed(groups) {
                table.teams.entry(group).or_default().insert(team.clone());
            }
        }
        table
    }

    /// Who somebody of these groups is; `None` where records can't be signed with their name.
    pub(crate) fn person(&self, name: &str, groups: &[String]) -> Option<Person> {
        if !is_name(name) {
            return None;
        }
        let roles = groups.iter().filter_map(|group| self.roles.get(group)).flatten().copied().collect();
        let teams = match groups.iter().any(|group| self.all_teams.contains(group)) {
            true => Teams::All,
            false => {
                let teams = groups.iter().filter_map(|group| self.teams.get(group)).flatten();
                Teams::Only(teams.cloned().collect())
            }
        };
        Some(Person { name: name.to_owned(), roles, teams })
    }
}

/// The words of a list with commas between them.
pub(crate) fn listed(text: &str) -> impl Iterator<Item = String> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> GroupTable {
        let mut settings = SignIn { all_teams: "ombud-leads".into(), ..SignIn::default() };
        settings.roles.insert("clerk".into(), "/staff/cards, /staff/loans".into());
        settings.roles.insert("model_owner".into(), "models".into());
        settings.roles.insert("lead".into(), "ombud-leads".into());
        settings.teams.insert("card-services".into(), "/staff/cards".into());
        settings.teams.insert("home-lending".into(), "/staff/loans".into());
        GroupTable::of(&settings)
    }

    fn groups(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn groups_give_their_roles_and_teams_and_unknown_ones_nothing() {
        let person = table().person("u-17", &groups(&["/staff/cards", "models", "tennis"])).unwrap();
        assert_eq!(person.roles, [Role::Clerk, Role::ModelOwner].into());
        assert_eq!(person.teams, Teams::Only(["card-services".to_owned()].into()));
        let lead = table().person("u-18", &groups(&["ombud-leads"])).unwrap();
        assert_eq!((lead.roles, lead.teams), ([Role::Lead].into(), Teams::All));
        let stranger = table().person("u-19", &groups(&["/staff", "CLERK", "clerk"])).unwrap();
        assert!(stranger.roles.is_empty() && stranger.teams == Teams::Only(BTreeSet::new()));
    }

    #[test]
    fn nobody_signs_in_by_a_name_that_misleads() {
        for wrong in ["", " ann", "a\nb", "a\u{202e}b", "operator", "nobody", &"x".repeat(129)] {
            assert_eq!(table().person(wrong, &[]), None, "{wrong:?}");
        }
        assert!(table().person("Ann O'Neil", &[]).is_some());
    }
}
