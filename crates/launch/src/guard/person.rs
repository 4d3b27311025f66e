//! Who a person is to Ombud: a name, roles, and teams.

use std::collections::BTreeSet;

/// What somebody is there for. Each right follows from these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Works on the complaints of their teams.
    Clerk,
    /// Of the vulnerable customers desk: sees evidence of vulnerability.
    Specialist,
    /// Leads teams: works as a clerk does, takes over, undoes, exports.
    Lead,
    /// Asks for changes of models and strategy.
    ModelOwner,
    /// Approves what another has asked for.
    Approver,
    /// Reads everything, writes nothing.
    Auditor,
    /// Sees how the system is; no narratives.
    Operator,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 7] = [
        Self::Clerk,
        Self::Specialist,
        Self::Lead,
        Self::ModelOwner,
        Self::Approver,
        Self::Auditor,
        Self::Operator,
    ];

    /// The role that settings, a store or a variable calls `name`: `model-owner`, or `model_owner`, for no variable has a dash.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.replace('_', "-");
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// As settings and records write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clerk => "clerk",
            Self::Specialist => "specialist",
            Self::Lead => "lead",
            Self::ModelOwner => "model-owner",
            Self::Approver => "approver",
            Self::Auditor => "auditor",
            Self::Operator => "operator",
        }
    }
}

/// The teams for whose complaints somebody may work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Teams {
    /// Every team.
    All,
    /// These.
    Only(BTreeSet<String>),
}

impl Teams {
    /// Those of a list such as `card-services,home-lending`.
    pub fn listed(text: &str) -> Self {
        Self::Only(
            text.split(',').map(str::trim).filter(|team| !team.is_empty()).map(str::to_owned).collect(),
        )
    }

    /// Whether `team` is one of them.
    pub fn has(&self, team: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(teams) => teams.contains(team),
        }
    }
}

/// A person who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Pseudonym: what records are signed with.
    pub name: String,
    /// What they are there for.
    pub roles: BTreeSet<Role>,
    /// For whom.
    pub teams: Teams,
}
