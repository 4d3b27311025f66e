//! A worker with a defect ends its process soon and badly, on the embedded log and on brokers; and whoever comes after it,
//! without the defect, finishes what it left. The defect is a double at a seam; the process is this test, started once
//! more.

mod doubles;
mod process;

use process::{Case, Role};

fn dies_and_loses_nothing(role: Role) {
    let dir = tempfile::tempdir().unwrap();
    let case = Case::embedded(role, &dir);
    case.seed();
    case.dies_of_its_defect();
    case.is_finished_by_the_next();
}

#[cfg(feature = "servers")]
fn dies_and_loses_nothing_on_brokers(role: Role) {
    let dir = tempfile::tempdir().unwrap();
    let case = Case::on_brokers(role, &dir);
    case.seed();
    case.dies_of_its_defect();
    case.is_finished_by_the_next();
}

macro_rules! roles {
    ($($name:ident, $on_brokers:ident: $role:expr;)+) => {
        $(
            #[test]
            fn $name() {
                dies_and_loses_nothing($role);
            }

            #[cfg(feature = "servers")]
            #[test]
            fn $on_brokers() {
                dies_and_loses_nothing_on_brokers($role);
            }
        )+
    };
}

roles! {
    a_tokenizer_thread_that_panics_alone_ends_the_process,
    a_tokenizer_thread_that_panics_alone_ends_the_process_on_brokers: Role::Prepare { threads: 1 };
    one_of_two_tokenizer_threads_that_panics_ends_the_process,
    one_of_two_tokenizer_threads_that_panics_ends_the_process_on_brokers: Role::Prepare { threads: 2 };
    a_model_thread_that_panics_alone_ends_the_process,
    a_model_thread_that_panics_alone_ends_the_process_on_brokers: Role::Classify { threads: 1 };
    one_of_two_model_threads_that_panics_ends_the_process,
    one_of_two_model_threads_that_panics_ends_the_process_on_brokers: Role::Classify { threads: 2 };
    a_joiner_that_panics_ends_the_process,
    a_joiner_that_panics_ends_the_process_on_brokers: Role::Join;
    an_archive_that_panics_ends_the_process,
    an_archive_that_panics_ends_the_process_on_brokers: Role::Archive;
}
