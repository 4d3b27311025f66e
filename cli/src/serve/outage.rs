//! An outage of what a console is given.

use ombud_stream::Outage;

/// Why the console lacks what it needs: an outage keeps whether it may pass, and anything else never does.
pub(super) fn outage(action: &str, error: anyhow::Error) -> Outage {
    match error.downcast() {
        Ok(outage) => outage,
        Err(error) => Outage::fatal(action, error),
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn a_case_store_that_is_away_may_come_back_and_one_that_refuses_does_not() {
        let away =
            outage("open the case store", Outage::passing("reach the case store", "nobody answers").into());
        assert_eq!((away.fatal, away.action.as_str()), (false, "reach the case store"));
        let refused = outage("open the case store", anyhow!("log in to the CQL server"));
        assert!(refused.fatal);
        assert_eq!(refused.cause.to_string(), "log in to the CQL server");
    }
}
