//! What stands in place of the models' answers on a complaint of the audit sample, before somebody who may judge it.

use maud::{Markup, html};

use super::{address::encoded, frame::Frame, item_words::complaint_path};
use crate::blind::SEEN;

/// Why they are kept, and the two ways on: to judge it, or to see them and judge it no more.
pub(crate) fn gate(frame: &Frame, complaint_id: &str) -> Markup {
    html! {
        section.card.stack aria-labelledby="kept" {
            h2 id="kept" { (frame.say("complaint-kept")) }
            p { (frame.say("complaint-kept-why")) }
            form.actions method="post" action={ (complaint_path(complaint_id)) "/work" } {
                a.button href={ "/sample/" (encoded(complaint_id)) } { (frame.say("complaint-kept-judge")) }
                input type="hidden" name="kind" value="NOTED";
                input type="hidden" name="reason_code" value=(SEEN);
                button type="submit" { (frame.say("complaint-kept-show")) }
            }
            p.muted { (frame.say("complaint-kept-noted")) }
        }
    }
}
