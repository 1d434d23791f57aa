//! A Cluster.

use super::{RedisServer, wait_until};

/// How many slots a Cluster has.
const SLOTS: usize = 16_384;

/// How many masters share them.
const MASTERS: usize = 3;

/// A Redis Cluster of its own: three masters that cover all slots, on free ports of 127.0.0.1.
///
/// Where the nodes have replicas, one that does not answer counts as failed after two seconds, and its
/// replica takes over about a second later. Where they have none it takes five seconds, and the Cluster is
/// down until the node comes back. (On a busy machine a shorter time makes failures of what is only slow.)
/// A start takes two seconds or three, because Redis waits that long itself.
#[derive(Debug)]
pub struct RedisCluster {
    nodes: Vec<RedisServer>,
}

impl RedisCluster {
    /// Starts three masters and waits until each says that the Cluster is complete.
    #[must_use]
    pub fn start() -> Self {
        Self::of(MASTERS, "5000")
    }

    /// Starts three masters with one replica each, and waits until every replica follows its master.
    #[must_use]
    pub fn with_replicas() -> Self {
        let cluster = Self::of(2 * MASTERS, "2000");
        let (masters, replicas) = cluster.nodes.split_at(MASTERS);
        for (master, replica) in masters.iter().zip(replicas) {
            let id = master.command(&["CLUSTER", "MYID"]);
            replica.command(&["CLUSTER", "REPLICATE", &id]);
        }
        for (master, replica) in masters.iter().zip(replicas) {
            wait_until("a replica follows its master", || {
                replica.command(&["INFO", "replication"]).contains("master_link_status:up")
                    && master.command(&["INFO", "replication"]).contains("state=online")
            });
        }
        // A failover needs all to know whose replica each one is.
        wait_until("every node knows every replica", || {
            cluster
                .nodes
                .iter()
                .all(|node| node.command(&["CLUSTER", "NODES"]).matches("slave").count() == MASTERS)
        });
        cluster
    }

    /// The address as a URL: `redis-cluster://127.0.0.1:<port>,127.0.0.1:<port>,127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        let seeds: Vec<String> = self
            .nodes
            .iter()
            .take(MASTERS)
            .map(|node| format!("127.0.0.1:{}", node.port()))
            .collect();
        format!("redis-cluster://{}", seeds.join(","))
    }

    /// All nodes: the three masters first, then their replicas in the same order.
    #[must_use]
    pub fn nodes(&self) -> &[RedisServer] {
        &self.nodes
    }

    /// The node that answers for a key now, as the first node that is alive sees it.
    ///
    /// # Panics
    ///
    /// When no node is alive.
    #[must_use]
    pub fn master_of(&self, key: &str) -> &RedisServer {
        let mut seen = self.nodes.iter().filter_map(|node| self.master_seen_by(node, key));
        seen.next().expect("a node of the Cluster is alive and knows the key's master")
    }

    /// Kills the node that answers for a key, waits until all others take its replica for the master,
    /// and gives the killed node.
    ///
    /// What was written before is not lost: the node is killed once its replica has it.
    #[expect(clippy::must_use_candidate, reason = "most callers have no use for the killed node")]
    pub fn fail_over(&self, key: &str) -> &RedisServer {
        let dead = self.master_of(key);
        let written = number(&dead.command(&["INFO", "replication"]), "master_repl_offset:");
        wait_until("a replica has what its master has", || {
            number(&dead.command(&["INFO", "replication"]), ",offset=") >= written
        });
        dead.kill();
        self.wait_for_promotion(dead, key);
        dead
    }

    /// Waits until all nodes that are alive take another one than `dead` for the master of a key, and
    /// the Cluster for complete.
    pub fn wait_for_promotion(&self, dead: &RedisServer, key: &str) {
        wait_until("a replica is promoted", || {
            self.nodes.iter().filter(|node| node.port() != dead.port()).all(|node| {
                let master = self.master_seen_by(node, key);
                master.is_some_and(|master| master.port() != dead.port()) && is_complete(node)
            })
        });
    }

    /// Waits until every node says that the Cluster is complete, for instance after a restart of one.
    pub fn wait_until_complete(&self) {
        wait_until("the Cluster is complete", || self.nodes.iter().all(is_complete));
    }

    fn of(count: usize, node_timeout: &str) -> Self {
        let options = [
            ["--cluster-enabled", "yes"],
            ["--cluster-node-timeout", node_timeout],
            ["--cluster-announce-ip", "127.0.0.1"],
            // A replica takes over however long its master has been away.
            ["--cluster-replica-validity-factor", "0"],
            ["--repl-diskless-sync-delay", "0"],
        ];
        let nodes: Vec<_> =
            (0..count).map(|_| RedisServer::with_options(options.as_flattened())).collect();
        for (place, node) in nodes.iter().take(MASTERS).enumerate() {
            let slots = place * SLOTS / MASTERS..(place + 1) * SLOTS / MASTERS;
            let slots: Vec<String> = slots.map(|slot| slot.to_string()).collect();
            let mut add = vec!["CLUSTER", "ADDSLOTS"];
            add.extend(slots.iter().map(String::as_str));
            node.command(&add);
            // Without epochs of their own the masters would spend their first seconds on agreeing on some.
            node.command(&["CLUSTER", "SET-CONFIG-EPOCH", &(place + 1).to_string()]);
        }
        for node in &nodes {
            for other in &nodes {
                node.command(&["CLUSTER", "MEET", "127.0.0.1", &other.port().to_string()]);
            }
        }
        let cluster = Self { nodes };
        let known = format!("cluster_known_nodes:{count}\r\n");
        wait_until("every node knows every other", || {
            cluster.nodes.iter().all(|node| node.command(&["CLUSTER", "INFO"]).contains(&known))
        });
        cluster.wait_until_complete();
        cluster
    }

    fn master_seen_by(&self, node: &RedisServer, key: &str) -> Option<&RedisServer> {
        let slot: u32 = node.try_command(&["CLUSTER", "KEYSLOT", key]).ok()?.parse().ok()?;
        let map = node.try_command(&["CLUSTER", "NODES"]).ok()?;
        // `<id> <ip>:<port>@<bus>[,<name>] <flags> <master> … <link state> <slot> <first>-<last> …`
        let line = map.lines().find(|line| {
            line.split(' ').skip(8).any(|range| {
                let (first, last) = range.split_once('-').unwrap_or((range, range));
                let bounds = (first.parse::<u32>(), last.parse::<u32>());
                matches!(bounds, (Ok(first), Ok(last)) if (first..=last).contains(&slot))
            })
        })?;
        let address = line.split(' ').nth(1)?;
        let port: u16 = address.rsplit_once('@')?.0.rsplit_once(':')?.1.parse().ok()?;
        self.nodes.iter().find(|node| node.port() == port)
    }
}

fn is_complete(node: &RedisServer) -> bool {
    node.try_command(&["CLUSTER", "INFO"]).is_ok_and(|answer| answer.contains("cluster_state:ok"))
}

/// The number behind a text.
fn number(info: &str, before: &str) -> u64 {
    let digits = info.split(before).nth(1).and_then(|rest| rest.split([',', '\r']).next());
    digits.and_then(|digits| digits.parse().ok()).expect("the node says how far it is")
}
