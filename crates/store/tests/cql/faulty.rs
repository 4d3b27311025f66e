//! A server with a proxy before it, which makes the faults that a test asks for.

#![expect(clippy::unwrap_used, reason = "these helpers are part of tests")]

use std::{collections::HashMap, net::SocketAddr, time::Duration};

use ombud_store::CqlConnection;
use scylla_proxy::{
    Condition, Node, Proxy, Reaction, RequestOpcode, RequestReaction, RequestRule, ResponseOpcode,
    ResponseReaction, ResponseRule, RunningProxy, ShardAwareness,
};
use tokio::runtime::Runtime;

use crate::server::{self, Keyspace};

/// How long a request may take; a call may take four times as long.
pub(crate) const TIMEOUT: Duration = Duration::from_millis(500);
/// What a bound may be overrun by on a busy machine.
pub(crate) const SLACK: Duration = Duration::from_secs(3);

/// A server with a proxy before it. The proxy is dropped: finishing it is not reliable.
pub(crate) struct Faulty {
    pub(crate) proxy: RunningProxy,
    pub(crate) translation: HashMap<SocketAddr, SocketAddr>,
    pub(crate) connection: CqlConnection,
    pub(crate) keyspace: Keyspace,
    /// How often the last fault struck.
    pub(crate) struck: Box<dyn Fn() -> usize>,
    _runtime: Runtime,
}

impl Faulty {
    pub(crate) fn fresh() -> Self {
        let keyspace = Keyspace::fresh();
        let real: SocketAddr = keyspace.0.nodes[0].parse().unwrap();
        // The nodes name the port themselves, so that another address has to do.
        let [a, b, c, ..] = server::chance().to_be_bytes();
        let between = SocketAddr::from(([127, a.max(1), b, c.clamp(1, 254)], real.port()));
        let node = Node::builder().real_address(real).proxy_address(between);
        let proxy = Proxy::builder().with_node(node.shard_awareness(ShardAwareness::Unaware).build()).build();
        let translation = proxy.translation_map();
        let runtime = Runtime::new().unwrap();
        let proxy = runtime.block_on(proxy.run()).unwrap();
        let nodes = vec![between.to_string()];
        let connection = CqlConnection { nodes, timeout: TIMEOUT, ..keyspace.0.clone() };
        Self { proxy, translation, connection, keyspace, struck: Box::new(|| 0), _runtime: runtime }
    }

    /// As [`Self::on_requests`], whether a request changes one row or several, and on what reads.
    pub(crate) fn on_writes(&mut self, times: usize, reaction: RequestReaction) {
        let [one, several] = [RequestOpcode::Execute, RequestOpcode::Batch].map(Condition::RequestOpcode);
        self.on(one.or(several), times, reaction);
    }

    pub(crate) fn on_requests(&mut self, opcode: RequestOpcode, times: usize, reaction: RequestReaction) {
        self.on(Condition::RequestOpcode(opcode), times, reaction);
    }

    fn on(&mut self, when: Condition, times: usize, reaction: RequestReaction) {
        let when = when.and(Condition::TrueForLimitedTimes(times));
        let (reaction, struck) = counted(reaction);
        self.struck = struck;
        self.proxy.running_nodes[0].change_request_rules(Some(vec![RequestRule(when, reaction)]));
    }

    /// Answers to the store's own requests, not those to the driver's.
    pub(crate) fn on_answers(&mut self, times: usize, reaction: ResponseReaction) {
        let when = Condition::ResponseOpcode(ResponseOpcode::Result)
            .and(Condition::not(Condition::ConnectionRegisteredAnyEvent))
            .and(Condition::TrueForLimitedTimes(times));
        let (reaction, struck) = counted(reaction);
        self.struck = struck;
        self.proxy.running_nodes[0].change_response_rules(Some(vec![ResponseRule(when, reaction)]));
    }
}

/// A reaction, and how often it was performed.
#[expect(clippy::disallowed_methods, reason = "the proxy takes no bounded channel; a test's faults are few")]
fn counted<R: Reaction>(reaction: R) -> (R, Box<dyn Fn() -> usize>)
where
    R::Incoming: 'static,
{
    let (performed, count) = tokio::sync::mpsc::unbounded_channel();
    (reaction.with_feedback_when_performed(performed), Box::new(move || count.len()))
}
