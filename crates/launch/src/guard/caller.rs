//! Who asks, and what they may do.

use std::sync::Arc;

use super::{Person, Right, Role, Scope, Teams};

/// Who a change is signed by that came without a token and without a person.
pub(super) const NOBODY: &str = "nobody";
/// The name of the operator's own token.
pub(super) const OPERATOR: &str = "operator";

/// How a person is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonSource {
    /// By the cookie of a session.
    Session,
    /// By what a proxy says, which has shown its secret.
    Proxy,
}

/// A person who is signed in, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// Who.
    pub person: Person,
    /// How.
    pub source: PersonSource,
}

/// Who asks. An extension of every request that passes a [`super::Guard`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller(Identity);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Identity {
    /// Showed nothing, and needed nothing.
    #[default]
    Nobody,
    /// A system by its token.
    System(Arc<System>),
    /// A person.
    Person(Arc<SignedIn>),
}

/// A system that has a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct System {
    pub(super) name: String,
    pub(super) scopes: Vec<Scope>,
    pub(super) teams: Teams,
    /// The token is the one that only the data folder's owner can read.
    pub(super) is_operator: bool,
}

impl From<SignedIn> for Caller {
    fn from(person: SignedIn) -> Self {
        Self(Identity::Person(Arc::new(person)))
    }
}

impl From<System> for Caller {
    fn from(system: System) -> Self {
        Self(Identity::System(Arc::new(system)))
    }
}

impl Caller {
    /// The system, by the name of its token.
    pub fn system(&self) -> Option<&str> {
        match &self.0 {
            Identity::System(system) => Some(&system.name),
            _ => None,
        }
    }

    /// The person, where one is signed in.
    pub fn person(&self) -> Option<&Person> {
        match &self.0 {
            Identity::Person(signed_in) => Some(&signed_in.person),
            _ => None,
        }
    }

    /// Who a record is signed by: the person's name, or the token's, whatever was `said`. The operator's own token can be
    /// read by the account alone that owns the data folder, so with it the name that is given counts.
    pub fn signature<'a>(&'a self, said: &'a str) -> &'a str {
        match &self.0 {
            Identity::Person(signed_in) => &signed_in.person.name,
            Identity::System(system) => match said.trim() {
                person if system.is_operator && !person.is_empty() => person,
                _ => &system.name,
            },
            Identity::Nobody => NOBODY,
        }
    }

    /// The roles of a person, or the scopes of a system, sorted: what the audit keeps.
    pub fn roles_text(&self) -> Vec<String> {
        let mut names: Vec<String> = match &self.0 {
            Identity::Person(signed_in) => {
                signed_in.person.roles.iter().map(|role| role.name().to_owned()).collect()
            }
            Identity::System(system) => system.scopes.iter().map(|scope| scope.name().to_owned()).collect(),
            Identity::Nobody => vec![],
        };
        names.sort_unstable();
        names.dedup();
        names
    }

    /// How they came in, as the audit writes it: `session`, `proxy`, `token`, `command` (by the operator's own token), or
    /// `none`.
    pub fn source(&self) -> &'static str {
        match &self.0 {
            Identity::Person(signed_in) => match signed_in.source {
                PersonSource::Session => "session",
                PersonSource::Proxy => "proxy",
            },
            Identity::System(system) if system.is_operator => "command",
            Identity::System(_) => "token",
            Identity::Nobody => "none",
        }
    }

    /// Whether they may do this at all. What depends on a team, [`Self::works_for`] and its like say.
    pub fn may(&self, right: Right) -> bool {
        match &self.0 {
            Identity::Person(signed_in) => {
                // Whoever is signed in may know who they are, though nobody gave them a role.
                right == Right::Know || right.roles().iter().any(|role| signed_in.person.roles.contains(role))
            }
            Identity::System(system) => system.scopes.contains(&right.scope()),
            Identity::Nobody => right.is_open(),
        }
    }

    /// Whether they may take complaints of `team` and report work on them.
    pub fn works_for(&self, team: &str) -> bool {
        self.may(Right::Work) && self.has_team(team)
    }

    /// Whether they may see the queue and the cases of `team`, without narratives and evidence. Auditors and operators see
    /// every team's.
    pub fn sees(&self, team: &str) -> bool {
        self.may(Right::SeeWork)
            && (self.has_team(team) || self.has_role(Role::Auditor) || self.has_role(Role::Operator))
    }

    /// Whether they may open the narrative of a complaint that lies with `team`. Auditors may open every team's.
    pub fn reads_narrative_of(&self, team: &str) -> bool {
        if self.has_role(Role::Auditor) {
            return true;
        }
        self.may(Right::ReadNarratives) && self.has_team(team)
    }

    /// Whether they may see what complaints were called vulnerable for: specialists and auditors. Of which team follows
    /// [`Self::reads_narrative_of`], for evidence is a customer's words.
    pub fn sees_evidence(&self) -> bool {
        self.may(Right::SeeEvidence)
    }

    /// Their teams; nobody has none.
    pub fn teams(&self) -> Option<&Teams> {
        match &self.0 {
            Identity::Person(signed_in) => Some(&signed_in.person.teams),
            Identity::System(system) => Some(&system.teams),
            Identity::Nobody => None,
        }
    }

    fn has_team(&self, team: &str) -> bool {
        self.teams().is_some_and(|teams| teams.has(team))
    }

    fn has_role(&self, role: Role) -> bool {
        self.person().is_some_and(|person| person.roles.contains(&role))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system(name: &str, scopes: &[Scope], is_operator: bool) -> Caller {
        let teams = Teams::Only(["card-services".to_owned()].into());
        System { name: name.into(), scopes: scopes.to_vec(), teams, is_operator }.into()
    }

    fn person(roles: &[Role]) -> Caller {
        let teams = Teams::Only(["card-services".to_owned()].into());
        let person = Person { name: "ann".into(), roles: roles.iter().copied().collect(), teams };
        SignedIn { person, source: PersonSource::Session }.into()
    }

    #[test]
    fn a_token_signs_by_its_name_a_person_by_theirs_and_the_operators_token_by_the_person_that_it_names() {
        let crm = system("ops-desk", &[], false);
        let operator = system(OPERATOR, &Scope::ALL, true);
        assert_eq!(crm.signature("ann"), "ops-desk");
        assert_eq!((operator.signature("ann"), operator.signature(" ")), ("ann", OPERATOR));
        assert_eq!(person(&[Role::Clerk]).signature("bob"), "ann");
        assert_eq!(Caller::default().signature("ann"), NOBODY);
        let sources = [crm.source(), operator.source(), person(&[]).source(), Caller::default().source()];
        assert_eq!(sources, ["token", "command", "session", "none"]);
        assert_eq!(person(&[Role::Operator, Role::Clerk]).roles_text(), ["clerk", "operator"]);
    }

    /// Rows: who. Columns: works for the own team and another, sees both, reads narratives of both, sees evidence.
    #[test]
    fn teams_bound_what_a_role_or_a_scope_opens() {
        let table: [(Caller, [bool; 7]); 11] = [
            (person(&[Role::Clerk]), [true, false, true, false, true, false, false]),
            (person(&[Role::Specialist]), [true, false, true, false, true, false, true]),
            (person(&[Role::Lead]), [true, false, true, false, true, false, false]),
            (person(&[Role::ModelOwner]), [false; 7]),
            (person(&[Role::Approver]), [false; 7]),
            (person(&[Role::Auditor]), [false, false, true, true, true, true, true]),
            (person(&[Role::Operator]), [false, false, true, true, false, false, false]),
            (person(&[]), [false; 7]),
            (Caller::default(), [false; 7]),
            (system("usual", &Scope::USUAL, false), [false, false, true, false, false, false, false]),
            (system("all", &Scope::ALL, false), [true, false, true, false, true, false, true]),
        ];
        for (caller, expected) in table {
            let both = ["card-services", "home-lending"];
            let works = both.map(|team| caller.works_for(team));
            let sees = both.map(|team| caller.sees(team));
            let reads = both.map(|team| caller.reads_narrative_of(team));
            let found = [works, sees, reads].concat();
            assert_eq!([found, vec![caller.sees_evidence()]].concat(), expected, "{caller:?}");
        }
    }
}
