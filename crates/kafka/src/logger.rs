//! What librdkafka would print on stderr itself, such as what it says when it ends: into our log instead, for whoever reads that
//! expects its lines alone.

use std::{
    ffi::{CStr, c_char, c_int},
    ptr,
};

use rdkafka::{
    ClientContext,
    admin::AdminClient,
    bindings::rd_kafka_set_logger,
    client::Client,
    consumer::{BaseConsumer, Consumer, ConsumerContext},
    producer::{Producer, ProducerContext, ThreadedProducer},
    types::RDKafka,
};

/// What stands on a client of librdkafka.
pub(crate) trait OnClient<C: ClientContext> {
    /// That client.
    fn on(&self) -> &Client<C>;
}

impl<C: ConsumerContext> OnClient<C> for BaseConsumer<C> {
    fn on(&self) -> &Client<C> {
        Consumer::client(self)
    }
}

impl<C: ProducerContext + 'static> OnClient<C> for ThreadedProducer<C> {
    fn on(&self) -> &Client<C> {
        Producer::client(self)
    }
}

impl<C: ClientContext> OnClient<C> for AdminClient<C> {
    fn on(&self) -> &Client<C> {
        self.inner()
    }
}

/// Has `client` print nothing by itself any more.
#[expect(unsafe_code, reason = "rdkafka has no name for it")]
pub(crate) fn quiet<C: ClientContext>(client: &Client<C>) {
    let native: *mut RDKafka = client.native_ptr();
    // The client lives for as long as it is borrowed, and a function outlives it.
    unsafe { rd_kafka_set_logger(native, Some(log)) }
}

#[expect(unsafe_code, reason = "librdkafka calls it")]
unsafe extern "C" fn log(_: *const RDKafka, level: c_int, facility: *const c_char, message: *const c_char) {
    let text = |text: *const c_char| -> String {
        if ptr::eq(text, ptr::null()) {
            return String::new();
        }
        // Both are C strings that live for as long as this call.
        unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
    };
    let (facility, message) = (text(facility), text(message));
    // As in `LibrdkafkaLog`: whoever waits for brokers says so; 5 and above are notices.
    if level >= 5 {
        tracing::debug!(target: "librdkafka", facility, message);
    } else {
        tracing::info!(target: "librdkafka", facility, message);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use rdkafka::{ClientConfig, consumer::DefaultConsumerContext};
    use tracing::{
        Event, Metadata, Subscriber,
        field::{Field, Visit},
        span::{Attributes, Id, Record},
    };

    use super::*;

    /// Notes the messages of all events.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<String>>>);

    impl Visit for Log {
        fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
            if field.name() == "message" {
                self.0.lock().unwrap().push(format!("{value:?}"));
            }
        }
    }

    impl Subscriber for Log {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            metadata.target() == "librdkafka"
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, event: &Event<'_>) {
            event.record(&mut self.clone());
        }

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    #[test]
    #[expect(unsafe_code, reason = "as librdkafka calls it")]
    fn what_librdkafka_says_of_itself_is_an_event_of_our_log() {
        let consumer: BaseConsumer<DefaultConsumerContext> = ClientConfig::new().create().unwrap();
        quiet(consumer.on());
        let written = Log::default();
        tracing::subscriber::with_default(written.clone(), || unsafe {
            log(ptr::null(), 4, c"TERMINATE".as_ptr(), c"terminating".as_ptr());
            log(ptr::null(), 4, ptr::null(), c"nameless".as_ptr());
        });
        let logged = written.0.lock().unwrap().join(" ");
        assert!(logged.contains("terminating") && logged.contains("nameless"), "{logged}");
    }
}
