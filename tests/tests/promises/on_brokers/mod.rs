//! The promises on real brokers, registry and CQL server: each runs one process a role, and one promise runs at a time.

mod a_mirror_takes_over;
mod a_trace_shows_every_hop;
mod alarms_ask_for_what_is_exported;
mod behind_tls;
mod clerks_share_the_work;
mod draws_stay_the_same;
mod each_role_has_what_it_needs;
mod everything_is_routed;
mod hub_models_serve;
mod infer_scales_while_it_works;
mod joiners_die_in_time;
mod models_come_and_go;
mod nothing_is_lost;
mod other_producers_are_served;
mod partitions_are_added;
mod poison_is_parked;
mod releases_work_side_by_side;
mod rolling_updates_lose_nothing;
mod setting_up_is_foreseen;
mod sigterm_ends_every_state;
mod strategies_need_two_persons;
mod teams_say_what_was_done;
mod what_an_older_build_wrote;
