//! What the embedded log and case store keep.

mod cases_keep_their_promises;
mod changed_rows;
mod damage_is_noticed;
mod desk_keeps_its_promises;
mod file_survives;
mod log_keeps_its_promises;
mod worklist_given;
mod worklist_lasts;
mod worklist_pages;
