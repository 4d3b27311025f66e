//! The flags of `ombud learn --family blend`.

use std::path::PathBuf;

use clap::Args;

/// Flags of `learn` that no other family has.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "With --family blend")]
pub(crate) struct Fuse {
    /// The member that is asked first: an artefact's folder, made by `ombud learn`
    #[arg(long, value_name = "DIR")]
    pub(crate) bag: Option<PathBuf>,

    /// A member that is asked after it, made by `ombud learn --family encoder`; repeat for another one
    #[arg(long = "encoder", value_name = "DIR")]
    pub(crate) encoders: Vec<PathBuf>,

    /// Leave the later members out where the bag is sure, at a loss of at most this many points of any figure
    /// (accuracies, and the area under the precision-recall curve) [default: all members see every complaint]
    #[arg(long, value_parser = points, value_name = "LOSS")]
    pub(crate) cascade: Option<f64>,
}

fn points(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(points) if (0.0..=100.0).contains(&points) => Ok(points),
        _ => Err("it must be points of a hundred, 0 to 100, such as 0.5".to_owned()),
    }
}

#[cfg(feature = "torch")]
impl Fuse {
    /// The members.
    ///
    /// # Errors
    /// One is missing: the error says which command makes it.
    pub(crate) fn members(self) -> anyhow::Result<(PathBuf, Vec<PathBuf>)> {
        let Some(bag) = self.bag else {
            anyhow::bail!(
                "find the blend's members: say the bag with --bag DIR; `ombud learn FILES --validation FILE --out DIR` makes one"
            );
        };
        anyhow::ensure!(
            !self.encoders.is_empty(),
            "find the blend's members: say an encoder with --encoder DIR; `ombud learn --family encoder --base DIR FILES \
             --validation FILE --out DIR` makes one"
        );
        Ok((bag, self.encoders))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cascade_may_lose_from_nothing_to_all_of_a_hundred_points() {
        for (text, expected) in [
            ("0", Some(0.0)),
            ("0.5", Some(0.5)),
            ("100", Some(100.0)),
            ("-0.5", None),
            ("100.5", None),
            ("NaN", None),
            ("half", None),
        ] {
            assert_eq!(points(text).ok(), expected, "{text}");
        }
    }

    #[cfg(feature = "torch")]
    #[test]
    fn a_member_that_is_missing_is_asked_for_by_its_flag() {
        let fuse = |bag: Option<&str>, encoders: &[&str]| Fuse {
            bag: bag.map(PathBuf::from),
            encoders: encoders.iter().map(PathBuf::from).collect(),
            cascade: None,
        };
        let missing = |fuse: Fuse| fuse.members().unwrap_err().to_string();
        assert!(missing(fuse(None, &["encoder"])).contains("--bag DIR"));
        assert!(missing(fuse(Some("bag"), &[])).contains("--encoder DIR"));
        let members = fuse(Some("bag"), &["first", "second"]).members().unwrap();
        assert_eq!(
            members,
            ("bag".into(), vec!["first".into(), "second".into()]),
            "in the order that was said"
        );
    }
}
