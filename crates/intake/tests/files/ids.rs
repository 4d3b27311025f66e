//! Which complaint a row is about: ids as they are written, and ids that stand for several complaints.

use crate::file::taken;

#[test]
fn an_id_with_several_narratives_is_rejected_in_every_row_and_the_rest_is_read() {
    let rows = "2.02611E+12,They charged me.\nc-2,Nobody calls.\n2.02611E+12,They closed my account.\n\
                c-2,Nobody calls.\n2.02611E+12,They charged me.\n";
    for (name, head, row) in [("ids.csv", "complaint_id,narrative\n", None), ("ids.jsonl", "", Some(()))] {
        let content = match row {
            None => format!("{head}{rows}"),
            Some(()) => rows
                .lines()
                .filter_map(|line| line.split_once(','))
                .map(|(id, text)| format!("{{\"complaint_id\": \"{id}\", \"narrative\": \"{text}\"}}\n"))
                .collect(),
        };
        let taken = taken(name, content);
        assert_eq!(taken.ids(), ["c-2", "c-2"], "the same row again is no fault");
        let reasons: Vec<&str> = taken.rejected.iter().map(|rejected| rejected.reason).collect();
        assert_eq!(reasons, ["id-with-several-narratives"; 3]);
    }
}

#[test]
fn edits_that_number_themselves_and_withdrawals_are_submissions_of_one_complaint() {
    let taken = taken(
        "edits.csv",
        "complaint_id,narrative,submission,withdrawn\nc-1,They charged me.,,\nc-1,They charged me twice.,2,\n\
         c-1,Never mind them.,,true\nc-2,Nobody calls.,1,\nc-2,Nobody calls me.,2,\n",
    );
    assert_eq!((taken.ids().len(), taken.rejected.len()), (5, 0), "{:?}", taken.reasons());
}

#[test]
fn rows_without_an_id_and_blank_narratives_make_no_id_shared() {
    let taken = taken(
        "none.csv",
        "complaint_id,narrative\n,They charged me.\n,Nobody calls.\nc-1,  \nc-1,Nobody calls.\n",
    );
    assert_eq!((taken.ids().len(), taken.reasons()), (3, vec![(4, "narrative-blank")]));
}

#[test]
fn ids_that_differ_in_unicode_form_or_space_alone_are_one_and_letter_case_counts() {
    let taken = taken(
        "forms.csv",
        "complaint_id,narrative\ncafe\u{301}-1,They charged me.\n caf\u{e9}-1\u{a0},They charged me.\nCAF\u{c9}-1,Nobody calls.\n",
    );
    assert_eq!(taken.ids(), ["caf\u{e9}-1", "caf\u{e9}-1", "CAF\u{c9}-1"]);
    let shared = crate::file::taken(
        "shared.csv",
        "complaint_id,narrative\ncafe\u{301}-1,They charged me.\ncaf\u{e9}-1,Nobody calls.\n",
    );
    assert_eq!(shared.rejected.len(), 2);
}
