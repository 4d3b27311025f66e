//! The promises that the system makes, a module each.

mod a_new_task_is_added;
mod bad_input_is_told;
mod changed_bytes_are_named;
mod complaint_is_routed;
mod damage_is_noticed;
mod documented_commands_run;
mod evaluate_agrees_with_routes;
mod feedback_teaches_a_challenger;
mod first_build;
mod hostile_tokenizers_die_alone;
mod hub_models_are_imported;
mod import_rule;
mod kill_learns_the_same;
mod kill_loses_nothing;
mod models_go_to_python_and_back;
mod nobody_comes_in_over_http;
mod on_brokers;
mod replay_tells_what_changes;
mod settings_are_ones_own;
mod strategies_change_while_complaints_flow;
mod what_an_older_build_wrote;
mod what_customers_write_stays_text;
mod what_no_model_reads_goes_to_people;
