//! `ombud users`: who signs in with a password that Ombud keeps, on the embedded log. The running `up` makes each change and
//! records it.

use std::io::Write;

use anyhow::Result;
use clap::{Args, Subcommand};
use ombud_console::{ChangedUser, LocalUser, UserChange};
use ombud_launch::config::Settings;

use crate::{
    Done,
    input::examples::{Example, examples_text},
    output::screen::{Screen, Table},
    running_up,
    serve::entrance::link_page,
};

/// The path of users.
const PATH: &str = "/api/users";

const ADD: [Example; 2] = [
    ("A clerk of one team", "ombud users add ann --role clerk --team card-services"),
    ("A lead of every team", "ombud users add bob --role lead --all-teams"),
];

const LIST: [Example; 2] = [("Everybody", "ombud users list"), ("For programs", "ombud users list --json")];

const DISABLE: [Example; 2] = [
    ("Somebody who has left", "ombud users disable ann"),
    ("In another data folder", "ombud users disable ann --data /srv/ombud"),
];

const LINK: [Example; 2] = [
    ("Somebody who has forgotten their password", "ombud users link ann"),
    ("For a program that sends it on", "ombud users link ann --json"),
];

/// The commands of `users`.
#[derive(Debug, Subcommand)]
pub(crate) enum UsersCommand {
    /// Let somebody sign in, or give whoever may other roles and teams; print the page where they choose a password
    #[command(after_help = examples_text(&ADD))]
    Add(AddUser),
    /// Who may sign in, and as what
    #[command(after_help = examples_text(&LIST))]
    List {
        /// One JSON object a user
        #[arg(long)]
        json: bool,
    },
    /// Sign somebody out everywhere, and let them in no more
    #[command(after_help = examples_text(&DISABLE))]
    Disable {
        /// Who
        name: String,
    },
    /// Print a page where somebody chooses another password: once, within a day
    #[command(after_help = examples_text(&LINK))]
    Link {
        /// Who
        name: String,

        /// One JSON object
        #[arg(long)]
        json: bool,
    },
}

/// Whom to let in.
#[derive(Args, Debug)]
pub(crate) struct AddUser {
    /// What they sign in as, and what records are signed with
    name: String,

    /// What they are there for: clerk, specialist, lead, model-owner, approver, auditor, operator
    #[arg(long = "role", value_name = "ROLE", required = true)]
    roles: Vec<String>,

    /// A team for which they work
    #[arg(long = "team", value_name = "TEAM")]
    teams: Vec<String>,

    /// They work for every team
    #[arg(long, conflicts_with = "teams")]
    all_teams: bool,
}

/// Does what `command` asks for.
pub(crate) fn users(command: &UsersCommand, settings: &Settings, out: &mut impl Write) -> Result<Done> {
    match command {
        UsersCommand::Add(args) => {
            let teams = (!args.all_teams).then(|| args.teams.clone());
            let change = UserChange::Add { name: args.name.clone(), roles: args.roles.clone(), teams };
            let changed: ChangedUser = running_up::post(settings, PATH, &change)?;
            writeln!(out, "{}", listed(std::slice::from_ref(&changed.user), Screen::of_process()))?;
            if let Some(secret) = &changed.token {
                writeln!(out, "{}", page_line(settings, &args.name, secret))?;
            }
        }
        UsersCommand::List { json } => {
            let users: Vec<LocalUser> = running_up::get(settings, PATH)?;
            if *json {
                for user in &users {
                    writeln!(out, "{}", serde_json::to_string(user)?)?;
                }
            } else {
                writeln!(out, "{}", listed(&users, Screen::of_process()))?;
            }
        }
        UsersCommand::Disable { name } => {
            let change = UserChange::Disable { name: name.clone() };
            let _: ChangedUser = running_up::post(settings, PATH, &change)?;
            writeln!(out, "{name} is signed out, and signs in no more")?;
        }
        UsersCommand::Link { name, json } => {
            let change = UserChange::Link { name: name.clone() };
            let changed: ChangedUser = running_up::post(settings, PATH, &change)?;
            let secret = changed.token.unwrap_or_default();
            if *json {
                let page = page(settings, &secret);
                writeln!(out, "{}", serde_json::json!({ "name": name, "page": page }))?;
            } else {
                writeln!(out, "{}", page_line(settings, name, &secret))?;
            }
        }
    }
    Ok(Done::Well)
}

fn page(settings: &Settings, secret: &str) -> String {
    link_page(settings, &running_up::url(settings.http.address), secret)
}

fn page_line(settings: &Settings, name: &str, secret: &str) -> String {
    format!("{}  is where {name} chooses a password, once, within a day", page(settings, secret))
}

/// The users as people look at them.
fn listed(users: &[LocalUser], screen: Screen) -> Table {
    let mut table = screen.table(["name", "roles", "teams", "signs in"]);
    for user in users {
        let signs_in = match (user.disabled, user.has_password) {
            (true, _) => "no: disabled",
            (false, true) => "yes",
            (false, false) => "not yet: has no password",
        };
        table.add_row([
            user.name.clone(),
            user.roles.join(", "),
            user.teams.as_ref().map_or_else(|| "every team".to_owned(), |teams| teams.join(", ")),
            signs_in.to_owned(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_says_who_signs_in_and_for_whom() {
        let user = |name: &str, teams: Option<&[&str]>, disabled, has_password| LocalUser {
            name: name.into(),
            roles: vec!["clerk".into()],
            teams: teams.map(|teams| teams.iter().map(|team| (*team).to_owned()).collect()),
            disabled,
            has_password,
        };
        let users = [
            user("ann", Some(&["card-services"]), false, true),
            user("bob", None, false, false),
            user("eve", Some(&[]), true, true),
        ];
        let text = listed(&users, Screen::new(80, false)).to_string();
        for expected in ["card-services", "every team", "not yet: has no password", "no: disabled"] {
            assert!(text.contains(expected), "{text}");
        }
    }
}
