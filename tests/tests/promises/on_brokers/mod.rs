//! The promises on real brokers, registry and CQL server: each runs one process a role, and one promise runs at a time.

mod a_trace_shows_every_hop;
mod behind_tls;
mod draws_stay_the_same;
mod everything_is_routed;
mod hub_models_serve;
mod infer_scales_while_it_works;
mod joiners_die_in_time;
mod models_come_and_go;
mod nothing_is_lost;
mod other_producers_are_served;
mod partitions_are_added;
mod poison_is_parked;
mod setting_up_is_foreseen;
mod sigterm_ends_every_state;
mod what_an_older_build_wrote;
