//! `/api/users`: who may sign in with a password, for the commands beside a running `up`.

use std::collections::BTreeSet;

use axum::{
    Extension, Json,
    extract::{State, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use ombud_launch::{
    JsonRefusal,
    guard::{Caller, Role, Teams},
};
use ombud_store::User;
use ombud_stream::Outage;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Entrance, blocking,
    deeds::Deed,
    groups::is_name,
    local::{LocalDirectory, Rights},
};

/// A local user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LocalUser {
    /// What they sign in as, and what records are signed with.
    pub name: String,
    /// What they are there for.
    pub roles: Vec<String>,
    /// For which teams; none where it is every team.
    pub teams: Option<Vec<String>>,
    /// May not sign in any more.
    pub disabled: bool,
    /// Has chosen a password.
    pub has_password: bool,
}

/// A change of the local users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "lowercase", deny_unknown_fields)]
pub enum UserChange {
    /// Gives somebody these roles and teams, whether or not they are known, and lets them sign in.
    Add {
        /// Who.
        name: String,
        /// Their roles.
        roles: Vec<String>,
        /// Their teams; every team where it is left out.
        #[serde(default)]
        teams: Option<Vec<String>>,
    },
    /// Lets somebody sign in no more, and ends their sessions.
    Disable {
        /// Who.
        name: String,
    },
    /// Makes a link with which somebody chooses a password, once.
    Link {
        /// Who.
        name: String,
    },
}

/// A user after a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangedUser {
    /// The user.
    pub user: LocalUser,
    /// The secret of a link: the page is `/sign-in/link?token=` with it. Shown here and nowhere else.
    #[serde(default)]
    pub token: Option<String>,
}

impl From<User> for LocalUser {
    fn from(user: User) -> Self {
        Self {
            name: user.name,
            roles: user.roles.into_iter().collect(),
            teams: user.teams.map(|teams| teams.into_iter().collect()),
            disabled: user.disabled,
            has_password: user.password_hash.is_some(),
        }
    }
}

/// Who may sign in with a password.
pub(super) async fn list(State(entrance): State<Entrance>) -> Response {
    let Some(directory) = entrance.local() else { return no_users() };
    match blocking(move || directory.users()).await {
        Ok(users) => Json(users.into_iter().map(LocalUser::from).collect::<Vec<_>>()).into_response(),
        Err(outage) => unavailable(&outage),
    }
}

/// Changes who may; recorded in console.audit before it is done.
pub(super) async fn change(
    State(entrance): State<Entrance>,
    Extension(caller): Extension<Caller>,
    change: Result<Json<UserChange>, JsonRejection>,
) -> Response {
    let Ok(Json(change)) = change else {
        return refuse(
            "read the change: it must be an `action` of add, disable or link, with what that needs".into(),
        );
    };
    let Some(directory) = entrance.local() else { return no_users() };
    let (action, name) = match &change {
        UserChange::Add { name, .. } => ("user-admitted", name.clone()),
        UserChange::Disable { name } => ("user-disabled", name.clone()),
        UserChange::Link { name } => ("user-link-made", name.clone()),
    };
    let rights = match rights_of(&change) {
        Ok(rights) => rights,
        Err(wrong) => return refuse(wrong),
    };
    if !is_name(&name) {
        return refuse(
            "read the name: it must be 1 to 128 bytes in one line, and neither nobody nor operator".into(),
        );
    }
    let deed = Deed {
        action,
        actor: caller.signature(""),
        roles: caller.roles_text(),
        source: caller.source(),
        subject: &name,
    };
    if let Err(outage) = entrance.deeds().record(deed).await {
        return unavailable(&outage);
    }
    match blocking(move || apply(&directory, &change, rights.as_ref())).await {
        Ok(Some(changed)) => Json(changed).into_response(),
        Ok(None) => refuse(
            "find this user, or they are disabled: `ombud users list` lists them, `ombud users add` admits them again".into(),
        ),
        Err(outage) => unavailable(&outage),
    }
}

/// The rights that a change gives; `None` where it gives none.
fn rights_of(change: &UserChange) -> Result<Option<Rights>, String> {
    let UserChange::Add { roles, teams, .. } = change else { return Ok(None) };
    let known = |name: &String| {
        Role::named(name).ok_or_else(|| {
            format!("read the roles: they must be some of {}", Role::ALL.map(Role::name).join(", "))
        })
    };
    let roles: BTreeSet<Role> = roles.iter().map(known).collect::<Result<_, _>>()?;
    let teams = match teams {
        None => Teams::All,
        Some(teams) => Teams::Only(teams.iter().cloned().collect()),
    };
    Ok(Some(Rights { roles, teams }))
}

fn apply(
    directory: &LocalDirectory,
    change: &UserChange,
    rights: Option<&Rights>,
) -> Result<Option<ChangedUser>, Outage> {
    match (change, rights) {
        (UserChange::Add { name, .. }, Some(rights)) => {
            let user = directory.admit(name, rights)?;
            let token = match user.password_hash {
                Some(_) => None,
                None => directory.link(name)?,
            };
            Ok(Some(ChangedUser { user: user.into(), token }))
        }
        (UserChange::Disable { name }, _) => {
            Ok(directory.disable(name)?.map(|user| ChangedUser { user: user.into(), token: None }))
        }
        (UserChange::Link { name } | UserChange::Add { name, .. }, _) => {
            let Some(token) = directory.link(name)? else { return Ok(None) };
            let user = directory.user(name)?;
            Ok(user.map(|user| ChangedUser { user: user.into(), token: Some(token) }))
        }
    }
}

fn no_users() -> Response {
    refuse(
        "find local users: they are kept with the embedded log, where http.public_url is https or the port is on loopback, \
         and sign_in.local is not off"
            .into(),
    )
}

fn refuse(why: String) -> Response {
    JsonRefusal::answer(StatusCode::UNPROCESSABLE_ENTITY, why).into_response()
}

fn unavailable(outage: &Outage) -> Response {
    JsonRefusal::answer(StatusCode::SERVICE_UNAVAILABLE, format!("change users: it failed to {outage}"))
        .into_response()
}
