//! What a token lets its system do.

/// One kind of thing that a token opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Send complaints.
    Complaints,
    /// Give verdicts.
    Feedback,
    /// Take work, and report it.
    Work,
    /// Open narratives.
    Narratives,
    /// See what a complaint was called vulnerable for.
    Evidence,
    /// Ask for changes that wait for a second person, and answer them.
    Requests,
    /// Publish strategies.
    Strategy,
    /// Change the registry of models.
    Models,
    /// See who did what.
    Audit,
    /// Say who may sign in with a password.
    Users,
    /// Look.
    Read,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 11] = [
        Self::Complaints,
        Self::Feedback,
        Self::Work,
        Self::Narratives,
        Self::Evidence,
        Self::Requests,
        Self::Strategy,
        Self::Models,
        Self::Audit,
        Self::Users,
        Self::Read,
    ];
    /// Those of a token for which the settings name none.
    pub const USUAL: [Self; 3] = [Self::Complaints, Self::Feedback, Self::Read];

    /// As settings write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Complaints => "complaints",
            Self::Feedback => "feedback",
            Self::Work => "work",
            Self::Narratives => "narratives",
            Self::Evidence => "evidence",
            Self::Requests => "requests",
            Self::Strategy => "strategy",
            Self::Models => "models",
            Self::Audit => "audit",
            Self::Users => "users",
            Self::Read => "read",
        }
    }

    /// The names of all of them, with commas between them.
    pub fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }

    /// The scopes of a list such as `complaints,read`; `None` where a word of it is no scope.
    pub fn listed(text: &str) -> Option<Vec<Self>> {
        text.split(',').map(|word| Self::named(word.trim())).collect()
    }

    fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_known_scopes_only() {
        assert_eq!(Scope::listed("complaints, read"), Some(vec![Scope::Complaints, Scope::Read]));
        for wrong in ["", "complaints,", "all", "Complaints"] {
            assert_eq!(Scope::listed(wrong), None, "{wrong}");
        }
    }
}
