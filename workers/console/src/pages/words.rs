//! What pages say, in each language: Fluent files under `words/`, one for each page.

use std::sync::LazyLock;

use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};
use unic_langid::LanguageIdentifier;

/// A language that pages are in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Language {
    /// English.
    #[default]
    English,
    /// Spanish.
    Spanish,
}

/// What one language says.
pub(crate) struct Words {
    bundle: FluentBundle<FluentResource>,
}

macro_rules! files {
    ($language:literal) => {
        [
            include_str!(concat!("../../words/", $language, "/frame.ftl")),
            include_str!(concat!("../../words/", $language, "/alike.ftl")),
            include_str!(concat!("../../words/", $language, "/complaint.ftl")),
            include_str!(concat!("../../words/", $language, "/desk.ftl")),
            include_str!(concat!("../../words/", $language, "/explain.ftl")),
            include_str!(concat!("../../words/", $language, "/health.ftl")),
            include_str!(concat!("../../words/", $language, "/models.ftl")),
            include_str!(concat!("../../words/", $language, "/quality.ftl")),
            include_str!(concat!("../../words/", $language, "/sample.ftl")),
            include_str!(concat!("../../words/", $language, "/settings.ftl")),
            include_str!(concat!("../../words/", $language, "/sign_in.ftl")),
            include_str!(concat!("../../words/", $language, "/strategy.ftl")),
            include_str!(concat!("../../words/", $language, "/team.ftl")),
            include_str!(concat!("../../words/", $language, "/trail.ftl")),
            include_str!(concat!("../../words/", $language, "/vulnerable.ftl")),
        ]
    };
}

static ENGLISH: LazyLock<Words> = LazyLock::new(|| Words::of("en", &files!("en")));
static SPANISH: LazyLock<Words> = LazyLock::new(|| Words::of("es", &files!("es")));

impl Language {
    /// Every language.
    pub(crate) const ALL: [Self; 2] = [Self::English, Self::Spanish];

    /// As HTML and HTTP write it.
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
        }
    }

    /// What its own speakers call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Spanish => "Español",
        }
    }

    /// The one that `tag` names, whatever its region.
    pub(crate) fn of(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default().trim();
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// What it says.
    pub(crate) fn words(self) -> &'static Words {
        match self {
            Self::English => &ENGLISH,
            Self::Spanish => &SPANISH,
        }
    }
}

impl Words {
    fn of(tag: &str, files: &[&str]) -> Self {
        let language: LanguageIdentifier = tag.parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        // What is isolated from its surroundings, the browser isolates.
        bundle.set_use_isolating(false);
        for file in files {
            // A test holds that every file can be read; what can be read of one is better than nothing.
            let resource = FluentResource::try_new((*file).to_owned()).unwrap_or_else(|(some, _)| some);
            bundle.add_resource_overriding(resource);
        }
        Self { bundle }
    }

    /// Whether `id` says anything.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.bundle.get_message(id).is_some_and(|message| message.value().is_some())
    }

    /// What `id` says.
    pub(crate) fn say(&self, id: &str) -> String {
        self.say_with(id, &FluentArgs::new())
    }

    /// What `id` says, with `args`.
    pub(crate) fn say_with(&self, id: &str, args: &FluentArgs<'_>) -> String {
        let Some(pattern) = self.bundle.get_message(id).and_then(|message| message.value()) else {
            // A test walks all pages for it.
            return format!("{{{id}}}");
        };
        self.bundle.format_pattern(pattern, Some(args), &mut Vec::new()).into_owned()
    }
}

#[cfg(test)]
mod tests;
