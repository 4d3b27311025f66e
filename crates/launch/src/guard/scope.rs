//! What a token lets its system do. A scope has the name of the path that it opens.

use axum::http::Method;

/// One kind of request under `/api`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Send complaints.
    Complaints,
    /// Give verdicts.
    Feedback,
    /// Publish strategies.
    Strategy,
    /// Change the registry of models.
    Models,
    /// Look.
    Read,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 5] = [Self::Complaints, Self::Feedback, Self::Strategy, Self::Models, Self::Read];
    /// Those of a token for which the settings name none.
    pub const USUAL: [Self; 3] = [Self::Complaints, Self::Feedback, Self::Read];

    /// As settings and paths write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Complaints => "complaints",
            Self::Feedback => "feedback",
            Self::Strategy => "strategy",
            Self::Models => "models",
            Self::Read => "read",
        }
    }

    /// The scopes of a list such as `complaints,read`; `None` where a word of it is no scope.
    pub fn listed(text: &str) -> Option<Vec<Self>> {
        text.split(',').map(|word| Self::named(word.trim())).collect()
    }

    /// What a request asks for; nothing where no path of ours is named so.
    pub(crate) fn of(method: &Method, path: &str) -> Option<Self> {
        if method == Method::GET || method == Method::HEAD {
            return Some(Self::Read);
        }
        Self::named(path.strip_prefix("/api/")?.split('/').next()?)
    }

    /// Whether nobody has it without a token, not even on this machine: what it opens changes who decides.
    pub(crate) fn needs_token(self) -> bool {
        matches!(self, Self::Strategy | Self::Models)
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

    #[test]
    fn a_path_that_is_named_like_no_scope_is_opened_by_none() {
        assert_eq!(Scope::of(&Method::POST, "/api/strategy"), Some(Scope::Strategy));
        assert_eq!(Scope::of(&Method::DELETE, "/api/models/bag"), Some(Scope::Models));
        assert_eq!(Scope::of(&Method::GET, "/api/openapi.json"), Some(Scope::Read));
        for nowhere in ["/api/", "/api/secrets", "/strategy", "/api"] {
            assert_eq!(Scope::of(&Method::POST, nowhere), None, "{nowhere}");
        }
    }
}
