//! A pool behind a web service: `cargo run --example axum_service`, then
//! `curl -N -d 'for i in 1 2 3; do echo $i; sleep 1; done' http://127.0.0.1:8080/ask`
//!
//! The reply comes as server-sent events while the tool still writes it. A client that goes away cancels its job. On
//! Ctrl-C no more requests are taken, those under way end well, and so do the tools.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::{get, post};
use cluster::{ClusterManager, Piece, launch_cluster};
use futures_util::{Stream, StreamExt};
use std::convert::Infallible;
use std::error::Error;
use tokio::net::TcpListener;

type Events = Sse<axum::response::sse::KeepAliveStream<futures_util::stream::BoxStream<'static, Sent>>>;
type Sent = Result<Event, Infallible>;

/// The whole service. What stops it is up to the caller.
fn service(cluster: ClusterManager) -> Router {
    Router::new().route("/ask", post(ask)).route("/health", get(health)).with_state(cluster)
}

/// When the client goes away, axum drops the stream, and that cancels the job.
async fn ask(State(cluster): State<ClusterManager>, prompt: String) -> Events {
    Sse::new(events(cluster.stream(prompt)).boxed()).keep_alive(KeepAlive::default())
}

fn events(pieces: impl Stream<Item = Piece>) -> impl Stream<Item = Sent> {
    pieces.filter_map(async |piece| {
        let event = match piece {
            Piece::Text { text, .. } => Event::default().event("text").data(text.trim_end_matches('\n')),
            Piece::Missed(bytes) => Event::default().event("missed").data(bytes.to_string()),
            Piece::Question(question) => Event::default().event("question").data(question),
            Piece::End(Ok(reply)) => Event::default().event("end").data(reply.outcome.to_string()),
            Piece::End(Err(error)) => Event::default().event("error").data(error.to_string()),
            _ => return None,
        };
        Some(Ok(event))
    })
}

async fn health(State(cluster): State<ClusterManager>) -> (StatusCode, String) {
    let health = cluster.health();
    let code = match health {
        pool_core::supervisor::PoolHealth::Up => StatusCode::OK,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    (code, format!("{health:?}\n"))
}

/// Serves until `stop`, and then until the last request has ended.
async fn serve(
    listener: TcpListener,
    cluster: ClusterManager,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, service(cluster.clone())).with_graceful_shutdown(stop).await?;
    cluster.shutdown().await;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let cluster = launch_cluster("bash", 4).await?;
    let listener = TcpListener::bind("127.0.0.1:8080").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let interrupted = async { tokio::signal::ctrl_c().await.unwrap_or_default() };
    Ok(serve(listener, cluster, interrupted).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::sync::oneshot;

    async fn post(address: SocketAddr, prompt: &str) -> TcpStream {
        let mut client = TcpStream::connect(address).await.expect("a connection");
        let request = format!(
            "POST /ask HTTP/1.1\r\nHost: here\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{prompt}",
            prompt.len()
        );
        client.write_all(request.as_bytes()).await.expect("written");
        client
    }

    /// Reads until `text` has come.
    async fn read_until(client: &mut TcpStream, text: &str) -> String {
        let (mut seen, mut buffer) = (String::new(), [0; 1024]);
        while !seen.contains(text) {
            let count = client.read(&mut buffer).await.expect("readable");
            assert!(count > 0, "closed after {seen}");
            seen += &String::from_utf8_lossy(&buffer[..count]);
        }
        seen
    }

    #[tokio::test]
    async fn replies_stream_a_client_that_goes_cancels_and_a_stop_drains() {
        let cluster = launch_cluster("bash", 1).await.expect("bash");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(serve(listener, cluster.clone(), async { stopped.await.unwrap_or(()) }));

        // The first line is there although the tool still works, and will for an hour.
        let mut gone = post(address, "echo one; sleep 3600").await;
        read_until(&mut gone, "event: text\ndata: one\n\n").await;
        drop(gone);

        // The only instance serves the next client, so the job above was cancelled.
        let mut client = post(address, "echo two").await;
        let seen = read_until(&mut client, "event: end").await;
        assert!(seen.contains("data: two\n\n"), "{seen}");

        // Stopped in the middle of a reply: it still comes to its end.
        let mut last = post(address, "echo four; sleep 0.3; echo five").await;
        read_until(&mut last, "data: four\n\n").await;
        stop.send(()).expect("it still serves");
        let seen = read_until(&mut last, "event: end\ndata: ok").await;
        assert!(seen.contains("data: five\n\n"), "{seen}");
        server.await.expect("no panic").expect("served");
        assert!(TcpStream::connect(address).await.is_err(), "nobody listens");
        assert!(cluster.ask("echo six").await.is_err(), "the pool has gone");
    }
}
