//! One connection, to a server or to a Cluster.

use redis::aio::{ConnectionLike, MultiplexedConnection, SendError};
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::SingleNodeRoutingInfo;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionInfo, ErrorKind, Pipeline, ProtocolVersion,
    PushInfo, PushKind, RedisError, ServerErrorKind, Value,
};
use std::io;

use super::link::Request;
use crate::RedisOptions;
use crate::options::tcp;

/// One connection that many callers use at once.
#[derive(Clone)]
pub(super) enum Connection {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

/// How often a command is sent anew after a node of a Cluster has said that another one has its keys.
const REDIRECTIONS: usize = 3;

impl Connection {
    /// Connects. `lost` is called when a connection to a single server ends; that of a Cluster looks after
    /// those to its nodes.
    pub(super) async fn open(
        options: &RedisOptions,
        lost: impl Fn() + Send + Sync + 'static,
    ) -> Result<Self, RedisError> {
        let servers = options.connections()?;
        if options.is_cluster() {
            // The client counts a redirection as a retry, and retries what timed out or was cut off as
            // well; so it does neither, and `send` follows the redirections.
            let client = ClusterClientBuilder::new(servers)
                .retries(0)
                .use_protocol(ProtocolVersion::RESP3)
                .connection_timeout(options.connecting())
                .response_timeout(options.answering())
                .overall_response_timeout(None)
                .tcp_settings(tcp())
                .build()?;
            return Ok(Self::Cluster(client.get_async_connection().await?));
        }
        let server = servers.into_iter().next().ok_or_else(|| {
            RedisError::from((ErrorKind::InvalidClientConfig, "the options name no server"))
        })?;
        let watch = move |push: PushInfo| {
            if push.kind == PushKind::Disconnection {
                lost();
            }
        };
        Ok(Self::Single(open_server(options, server, watch).await?))
    }

    /// Sends a request and waits for its answer.
    pub(super) async fn exchange(&mut self, request: Request<'_>) -> Result<Value, RedisError> {
        match request {
            Request::Command(command) => self.send(command).await,
            Request::Script(call) => match self.send(call.by_digest()).await {
                Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                    self.send(&call.in_full()).await
                }
                answer => answer,
            },
        }
    }

    /// Whether the server still answers; of a Cluster, whether all its masters do.
    pub(super) async fn ping(&mut self) -> Result<(), RedisError> {
        let mut ping = Cmd::new();
        ping.arg("PING");
        self.send_once(&ping).await.map(drop)
    }

    async fn send(&mut self, command: &Cmd) -> Result<Value, RedisError> {
        let mut redirections = 0..REDIRECTIONS;
        loop {
            // A redirection is a refusal: nothing was done yet.
            let error = match self.send_once(command).await {
                Err(error) if redirections.next().is_some() => error,
                answer => return answer,
            };
            match error.kind() {
                // The client looks up who has which keys before it sends the next command.
                ErrorKind::Server(ServerErrorKind::Moved) => {}
                ErrorKind::Server(ServerErrorKind::Ask) => return self.ask(command, error).await,
                _ => return Err(error),
            }
        }
    }

    async fn send_once(&mut self, command: &Cmd) -> Result<Value, RedisError> {
        match self {
            Self::Single(connection) => connection.req_packed_command(command).await,
            Self::Cluster(connection) => connection.req_packed_command(command).await,
        }?
        .extract_error()
    }

    /// Sends a command for keys that are on their way to another node, to that node. One that this
    /// connection does not know yet is an error.
    async fn ask(&mut self, command: &Cmd, redirection: RedisError) -> Result<Value, RedisError> {
        let target = redirection.redirect_node().and_then(|(node, _slot)| {
            let (host, port) = node.rsplit_once(':')?;
            Some((host.to_owned(), port.parse().ok()?))
        });
        let (Self::Cluster(connection), Some((host, port))) = (self, target) else {
            return Err(redirection);
        };
        let mut pipeline = Pipeline::new();
        pipeline.cmd("ASKING").add_command(command.clone());
        let node = SingleNodeRoutingInfo::ByAddress { host, port };
        let mut answers = connection.route_pipeline(pipeline, 1, 1, node).await?;
        answers.pop().ok_or(redirection)?.extract_error()
    }
}

/// Connects to one server. `pushed` gets what it sends without being asked, and the end of the connection.
pub(crate) async fn open_server(
    options: &RedisOptions,
    server: ConnectionInfo,
    pushed: impl Fn(PushInfo) + Send + Sync + 'static,
) -> Result<MultiplexedConnection, RedisError> {
    let settings = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(options.connecting()))
        .set_response_timeout(Some(options.answering()))
        .set_push_sender(move |push| {
            pushed(push);
            Ok::<(), SendError>(())
        });
    Client::open(server)?.get_multiplexed_async_connection_with_config(&settings).await
}

/// That a time has passed, as the client itself says it.
pub(super) fn timed_out() -> RedisError {
    io::Error::from(io::ErrorKind::TimedOut).into()
}
