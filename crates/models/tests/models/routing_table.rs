//! A routing table that could lose a complaint is refused, with the line.

use ombud_models::RoutingTable;

use crate::given;

/// The published table, changed by text.
fn refusal(from: &str, to: &str) -> String {
    let text = given::first_strategy().routing;
    assert!(text.contains(from), "{from} is not in\n{text}");
    let changed = text.replacen(from, to, 1);
    let error = RoutingTable::parse(&changed).unwrap_err();
    let line = changed.lines().nth(error.line - 1).unwrap_or_default();
    format!("{} <{line}>", error.what)
}

#[test]
fn the_published_table_reads_back_as_it_was() {
    let strategy = given::active_strategy();
    assert_eq!(RoutingTable::parse(&strategy.record.routing).unwrap(), strategy.routing);
    assert_eq!(strategy.routing.products.len(), given::taxonomy("product@1").leaves().len());
}

#[test]
fn a_wrong_table_is_refused_at_the_line_with_the_mend() {
    let cases = [
        (
            "triage_desk = \"triage-desk\"",
            "triage_desk = \"traige\"",
            "team `traige` is not in [teams]: add it there <triage_desk = \"traige\">",
        ),
        (
            "labels = [\"Fraud or scam\"]",
            "labels = [\"Frau or scam\"]",
            "`Frau or scam` is no intent of issue@1: write it as in schemas/taxonomy/ <labels = [\"Frau or scam\"]>",
        ),
        (
            "level = \"group\"",
            "level = \"grp\"",
            "level `grp` is not in issue@1: write one of issue, group, intent <level = \"grp\">",
        ),
        ("routine = 30", "routine = 0", "priority 0 is out of range: write 1 to 100 <routine = 0>"),
        (
            "priority = 70",
            "priority = 71",
            "priority 71 raised by 20 passes vulnerable, 90: lower it <priority = 71>",
        ),
        (
            "routine = 30",
            "routin = 30",
            "unknown field `routin`, expected one of `routine`, `triage`, `vulnerable`, `possible_raises` <routin = 30>",
        ),
        ("issue = \"issue@1\"", "issue = \"issue@9\"", "label_sets: there is no taxonomy `issue@9`"),
        ("languages = [\"en\", \"und\"]", "languages = [\"e\"]", "languages: `e` is no language subtag"),
        ("products.Mortgage]", "products.Mortgages]", "`Mortgages` is no product of product@1"),
    ];
    for (from, to, expected) in cases {
        let error = refusal(from, to);
        assert!(error.starts_with(expected), "{from} -> {to}:\n{error}");
    }
}

#[test]
fn a_product_without_a_team_is_refused_by_name() {
    let text = given::first_strategy().routing;
    let start = text.find("[products.Mortgage]").unwrap();
    let end = start + 1 + text[start + 1..].find("\n[").unwrap();
    let without = format!("{}{}", &text[..start], &text[end..]);
    let error = RoutingTable::parse(&without).unwrap_err();
    assert!(error.what.starts_with("product `Mortgage` has no team: add"), "{error}");
}

#[test]
fn a_language_covers_its_regions() {
    let table = &given::active_strategy().routing;
    for (tag, read) in
        [("en", true), ("EN-US", true), ("und", true), ("es", false), ("", false), ("eng", false)]
    {
        assert_eq!(table.reads(tag), read, "{tag}");
    }
}

#[test]
fn a_table_brings_the_tree_of_labels_that_this_version_does_not_know() {
    let text = given::first_strategy().routing;
    let next = text.replace("product = \"product@1\"", "product = \"product@77\"");
    let unknown = RoutingTable::parse(&next).unwrap_err();
    assert!(unknown.what.contains("write its tree in [[label_trees]]"), "{}", unknown.what);

    let mut leaves: Vec<String> =
        given::taxonomy("product@1").leaves().iter().map(|leaf| format!("[{leaf:?}]")).collect();
    leaves.push("[\"Buy now, pay later\"]".to_owned());
    let tree = format!(
        "\n[[label_trees]]\ntask = \"product\"\nnumber = 77\nlevels = [\"product\"]\nleaves = [{}]\n",
        leaves.join(", ")
    );
    let teamless = RoutingTable::parse(&format!("{next}{tree}")).unwrap_err();
    assert!(teamless.what.contains("product `Buy now, pay later` has no team"), "{}", teamless.what);
    let team = "\n[products.\"Buy now, pay later\"]\nteam = \"card-services\"\n";
    let table = RoutingTable::parse(&format!("{next}{team}{tree}")).unwrap();
    assert_eq!(table.products["Buy now, pay later"].team, "card-services");
    let changed = tree.replace("Buy now, pay later", "Something else");
    let refused = RoutingTable::parse(&format!("{next}{team}{changed}")).unwrap_err();
    assert!(refused.what.contains("known with other labels"), "{}", refused.what);
}
