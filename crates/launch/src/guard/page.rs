//! The table of rights in `docs/sign-in.md`: below the page's mark nothing is written by hand.
//! `BLESS=1 cargo nextest run -p ombud-launch the_page_of_sign_in` writes it.

use std::{env, fmt::Write as _, fs, path::Path};

use super::{ROUTES, Right, Role};

/// What is below this line is written by the test.
const MARK: &str =
    "<!-- generated below: BLESS=1 cargo nextest run -p ombud-launch the_page_of_sign_in -->\n";

/// Who has a right by being signed in.
fn roles(right: Right) -> String {
    match right.roles() {
        _ if right == Right::Know => "everybody who is signed in".to_owned(),
        [] => "nobody".to_owned(),
        roles => roles.iter().copied().map(Role::name).collect::<Vec<_>>().join(", "),
    }
}

/// A row for each route.
fn reference() -> String {
    let mut text = String::from("\n| route | scope of a token | roles of a person |\n|---|---|---|\n");
    for route in ROUTES {
        let (scope, roles) = (route.right.scope().name(), roles(route.right));
        let _ = writeln!(text, "| `{} {}` | `{scope}` | {roles} |", route.method, route.path);
    }
    text
}

#[test]
fn the_page_of_sign_in_says_who_may_what() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/sign-in.md");
    let text = fs::read_to_string(&page).unwrap();
    let (head, written) = text.split_once(MARK).expect("docs/sign-in.md has its mark");
    let reference = reference();
    if env::var_os("BLESS").is_some() {
        fs::write(&page, format!("{head}{MARK}{reference}")).unwrap();
        return;
    }
    assert_eq!(written, reference, "docs/sign-in.md is another: run this test with BLESS=1, look at it");
}
