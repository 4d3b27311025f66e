//! Who does something, where no flag names one.

use ombud_contract::verdict::is_code;

/// Who decided, where no flag names one; a login name that is no code is not used.
pub(crate) fn login(name: Option<String>) -> String {
    name.filter(|name| !name.is_empty() && is_code(name)).unwrap_or_else(|| "operator".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_name_that_is_no_code_is_nobodys() {
        assert_eq!(login(Some("ann".into())), "ann");
        assert_eq!(login(Some("ann@bank.example".into())), "operator");
        assert_eq!(login(None), "operator");
    }
}
