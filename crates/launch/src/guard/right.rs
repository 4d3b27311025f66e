//! The one table of rights: what each route under `/api` needs, which scope gives it to a token, and which roles to a person.
//!
//! A path that is not in it is refused to everybody.

use axum::http::Method;

use super::{Role, Scope};

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Right {
    /// Know what there is: the API's document, teams, the taxonomy, oneself.
    Know,
    /// Send complaints.
    SendComplaints,
    /// Give verdicts, and take them back.
    GiveVerdicts,
    /// See queues, cases and their clocks, and search by id.
    SeeWork,
    /// Take complaints of one's teams, and report what was done.
    Work,
    /// Take over what another works on, and undo what another did.
    Lead,
    /// Open a narrative of one's teams.
    ReadNarratives,
    /// See what a complaint was called vulnerable for.
    SeeEvidence,
    /// See which changes wait for a second person.
    SeeRequests,
    /// Ask for a change.
    AskForChange,
    /// Approve what another has asked for.
    Approve,
    /// Close a request: one's own, or another's.
    CloseRequest,
    /// Publish a strategy.
    PublishStrategy,
    /// Change the registry of models.
    ChangeModels,
    /// See who did what.
    ReadAudit,
    /// Say who may sign in with a password.
    ManageUsers,
    /// See which models and strategies there are and were.
    SeeModels,
    /// See how good decisions are, and what is complained of alike.
    SeeQuality,
    /// Take away what a table shows, without narratives.
    Export,
    /// Take a decision away with all that it rests on, as a signed file.
    ExportDossiers,
    /// See how the system is.
    SeeHealth,
    /// Send dead letters again.
    Redrive,
}

const NOBODY: &[Role] = &[];
const DESK: &[Role] = &[Role::Clerk, Role::Specialist, Role::Lead];
const LOOKERS: &[Role] = &[Role::Clerk, Role::Specialist, Role::Lead, Role::Auditor, Role::Operator];
const READERS: &[Role] = &[Role::Clerk, Role::Specialist, Role::Lead, Role::Auditor];
const MEASURERS: &[Role] = &[Role::Lead, Role::ModelOwner, Role::Approver, Role::Auditor];
const CHANGERS: &[Role] = &[Role::ModelOwner, Role::Approver, Role::Auditor];

impl Right {
    /// Every right.
    pub const ALL: [Self; 22] = [
        Self::Know,
        Self::SendComplaints,
        Self::GiveVerdicts,
        Self::SeeWork,
        Self::Work,
        Self::Lead,
        Self::ReadNarratives,
        Self::SeeEvidence,
        Self::SeeRequests,
        Self::AskForChange,
        Self::Approve,
        Self::CloseRequest,
        Self::PublishStrategy,
        Self::ChangeModels,
        Self::ReadAudit,
        Self::ManageUsers,
        Self::SeeModels,
        Self::SeeQuality,
        Self::Export,
        Self::ExportDossiers,
        Self::SeeHealth,
        Self::Redrive,
    ];

    /// The scope that gives it to a token.
    pub const fn scope(self) -> Scope {
        match self {
            Self::Know
            | Self::SeeWork
            | Self::SeeModels
            | Self::SeeQuality
            | Self::Export
            | Self::SeeHealth => Scope::Read,
            Self::SendComplaints | Self::Redrive => Scope::Complaints,
            Self::GiveVerdicts => Scope::Feedback,
            Self::Work | Self::Lead => Scope::Work,
            Self::ReadNarratives | Self::ExportDossiers => Scope::Narratives,
            Self::SeeEvidence => Scope::Evidence,
            Self::SeeRequests | Self::AskForChange | Self::Approve | Self::CloseRequest => Scope::Requests,
            Self::PublishStrategy => Scope::Strategy,
            Self::ChangeModels => Scope::Models,
            Self::ReadAudit => Scope::Audit,
            Self::ManageUsers => Scope::Users,
        }
    }

    /// The roles that give it to a person. Of accounts nobody who is signed in may say anything: whoever could would give
    /// themselves every other right.
    pub const fn roles(self) -> &'static [Role] {
        match self {
            Self::Know => &Role::ALL,
            Self::SendComplaints | Self::GiveVerdicts | Self::Work => DESK,
            Self::SeeWork => LOOKERS,
            Self::Lead => &[Role::Lead],
            Self::ReadNarratives => READERS,
            Self::SeeEvidence => &[Role::Specialist, Role::Auditor],
            Self::SeeRequests => CHANGERS,
            Self::AskForChange | Self::PublishStrategy | Self::ChangeModels => &[Role::ModelOwner],
            Self::Approve => &[Role::Approver],
            Self::CloseRequest => &[Role::ModelOwner, Role::Approver],
            Self::ReadAudit => &[Role::Auditor],
            Self::ManageUsers => NOBODY,
            Self::SeeModels | Self::SeeQuality => MEASURERS,
            Self::Export => &[Role::Lead],
            Self::ExportDossiers => &[Role::Lead, Role::Auditor],
            Self::SeeHealth | Self::Redrive => &[Role::Operator],
        }
    }

    /// Whether a caller has it who shows nothing, where no tokens are set and the port is this machine's: never what shows
    /// customers' words or data, and never what changes who decides.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Know | Self::SendComplaints | Self::GiveVerdicts)
    }

    /// What a request asks for; `None` where no path of ours is named so.
    pub(super) fn of(method: &Method, path: &str) -> Option<Self> {
        Self::within(ROUTES, method, path)
    }

    /// What a page asks for; `None` where there is no page of that name.
    pub fn of_page(method: &Method, path: &str) -> Option<Self> {
        Self::within(PAGES, method, path)
    }

    fn within(table: &[RouteRight], method: &Method, path: &str) -> Option<Self> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        table
            .iter()
            .find(|route| route.method == method && matches(route.path, path))
            .map(|route| route.right)
    }
}

/// A route under `/api`, and what it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteRight {
    /// Its method; HEAD is a GET.
    pub method: Method,
    /// Its path, as axum writes it: `{}` is one segment, and `{*}` at its end all that follow.
    pub path: &'static str,
    /// What it needs. What depends on the team, the route asks [`super::Caller`].
    pub right: Right,
}

const fn get(path: &'static str, right: Right) -> RouteRight {
    RouteRight { method: Method::GET, path, right }
}

const fn post(path: &'static str, right: Right) -> RouteRight {
    RouteRight { method: Method::POST, path, right }
}

/// Every route under `/api`.
pub const ROUTES: &[RouteRight] = &[
    get("/api/openapi.json", Right::Know),
    get("/api/me", Right::Know),
    get("/api/teams", Right::Know),
    get("/api/taxonomy", Right::Know),
    post("/api/complaints", Right::SendComplaints),
    post("/api/feedback", Right::GiveVerdicts),
    get("/api/queues", Right::SeeWork),
    get("/api/queues/{team}", Right::SeeWork),
    get("/api/search", Right::SeeWork),
    get("/api/cases/{complaint_id}", Right::SeeWork),
    get("/api/cases/{complaint_id}/narrative", Right::ReadNarratives),
    get("/api/cases/{complaint_id}/evidence", Right::SeeEvidence),
    post("/api/complaints/{complaint_id}/explain", Right::ReadNarratives),
    get("/api/complaints/{complaint_id}/dossier", Right::ExportDossiers),
    post("/api/queues/{team}/next", Right::Work),
    post("/api/leases/{complaint_id}", Right::Work),
    post("/api/work", Right::Work),
    get("/api/requests", Right::SeeRequests),
    post("/api/requests", Right::AskForChange),
    post("/api/requests/{id}/approve", Right::Approve),
    post("/api/requests/{id}/close", Right::CloseRequest),
    post("/api/strategy", Right::PublishStrategy),
    post("/api/models", Right::ChangeModels),
    post("/api/models/{*rest}", Right::ChangeModels),
    get("/api/audit", Right::ReadAudit),
    get("/api/users", Right::ManageUsers),
    post("/api/users", Right::ManageUsers),
];

/// Every page that needs somebody who is signed in, and every form of one. What stands before a sign-in (the sign-in
/// itself, and the files that pages load) is not here.
pub const PAGES: &[RouteRight] = &[
    get("/", Right::Know),
    get("/settings", Right::Know),
    post("/settings", Right::Know),
    get("/events", Right::Know),
    get("/desk", Right::Work),
    post("/desk/next", Right::Work),
    post("/desk/undo", Right::Work),
    get("/desk/{complaint_id}", Right::Work),
    post("/desk/{complaint_id}/decide", Right::Work),
    post("/desk/{complaint_id}/skip", Right::Work),
    post("/desk/{complaint_id}/renew", Right::Work),
    post("/desk/{complaint_id}/release", Right::Work),
    get("/teams", Right::SeeWork),
    get("/teams/{team}", Right::SeeWork),
    get("/teams/{team}/export", Right::Export),
    post("/teams/{team}/work", Right::Work),
    post("/teams/{team}/not-ours", Right::Work),
    post("/teams/{team}/undo", Right::Work),
    get("/vulnerable", Right::SeeEvidence),
    get("/vulnerable/{complaint_id}", Right::SeeEvidence),
    post("/vulnerable/{complaint_id}", Right::GiveVerdicts),
    get("/complaints", Right::SeeWork),
    get("/complaints/{complaint_id}", Right::SeeWork),
    get("/complaints/{complaint_id}/narrative", Right::ReadNarratives),
    post("/complaints/{complaint_id}/explain", Right::ReadNarratives),
    get("/complaints/{complaint_id}/dossier", Right::ExportDossiers),
    post("/complaints/{complaint_id}/work", Right::Work),
    post("/complaints/{complaint_id}/lease", Right::Work),
    get("/sample", Right::GiveVerdicts),
    get("/sample/{complaint_id}", Right::GiveVerdicts),
    post("/sample/{complaint_id}", Right::GiveVerdicts),
    get("/trail", Right::ReadAudit),
    get("/models", Right::SeeModels),
    get("/models/{model_id}/{version}", Right::SeeModels),
    get("/strategy", Right::SeeModels),
    get("/strategy/change", Right::AskForChange),
    get("/strategy/history", Right::SeeModels),
    get("/strategy/versions/{version}", Right::SeeModels),
    get("/strategy/requests", Right::SeeRequests),
    post("/strategy/requests", Right::AskForChange),
    post("/strategy/requests/{id}/approve", Right::Approve),
    post("/strategy/requests/{id}/close", Right::CloseRequest),
    get("/quality", Right::SeeQuality),
    get("/quality/cases", Right::SeeQuality),
    get("/radar", Right::SeeQuality),
    get("/radar/{cluster}", Right::SeeQuality),
    get("/health", Right::SeeHealth),
    post("/health/redrive", Right::Redrive),
];

/// Whether `path` is one of `pattern`.
fn matches(pattern: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(part), Some(rest)) if part.starts_with("{*") => return !rest.is_empty(),
            (Some(part), Some(one)) if part.starts_with('{') && !one.is_empty() => {}
            (Some(part), Some(one)) if part == one => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_path_asks_for_what_the_table_says_and_any_other_is_nobodys() {
        for (method, path, right) in [
            (Method::POST, "/api/strategy", Right::PublishStrategy),
            (Method::POST, "/api/models/bag", Right::ChangeModels),
            (Method::GET, "/api/openapi.json", Right::Know),
            (Method::HEAD, "/api/queues/card-services", Right::SeeWork),
            (Method::POST, "/api/queues/card-services/next", Right::Work),
            (Method::GET, "/api/cases/c%2F1/narrative", Right::ReadNarratives),
        ] {
            assert_eq!(Right::of(&method, path), Some(right), "{method} {path}");
        }
        for (method, path) in [
            (Method::POST, "/api/"),
            (Method::POST, "/api/secrets"),
            (Method::POST, "/strategy"),
            (Method::POST, "/api"),
            (Method::GET, "/api/queues/"),
            (Method::GET, "/api/queues/a/b"),
            (Method::GET, "/api/strategy"),
            (Method::GET, "/api/cases/c-1/narrative/"),
            (Method::GET, "//api/queues"),
            (Method::POST, "/api/models/"),
            (Method::DELETE, "/api/models"),
            (Method::OPTIONS, "/api/queues"),
        ] {
            assert_eq!(Right::of(&method, path), None, "{method} {path}");
        }
    }

    #[test]
    fn the_tables_name_each_route_once_and_use_every_right_of_a_route() {
        for table in [ROUTES, PAGES] {
            let routes: BTreeSet<_> = table.iter().map(|route| (route.method.as_str(), route.path)).collect();
            assert_eq!(routes.len(), table.len());
        }
        let used: BTreeSet<Right> = ROUTES.iter().chain(PAGES).map(|route| route.right).collect();
        let unused: Vec<Right> = Right::ALL.into_iter().filter(|right| !used.contains(right)).collect();
        // What one may do to another's work is asked for within POST /api/work and /api/leases.
        assert_eq!(unused, [Right::Lead]);
    }

    #[test]
    fn who_only_reads_has_no_right_to_write() {
        // A question that is too long for an address writes nothing but that it was asked.
        let asks = |route: &&RouteRight| route.path.ends_with("/explain");
        for route in ROUTES.iter().filter(|route| route.method != Method::GET && !asks(route)) {
            let roles = route.right.roles();
            assert!(!roles.contains(&Role::Auditor) && !roles.contains(&Role::Operator), "{route:?}");
        }
        assert!(!Right::SeeEvidence.roles().contains(&Role::Clerk));
        assert!(!Right::ReadNarratives.roles().contains(&Role::Operator));
    }
}
