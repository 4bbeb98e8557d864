//! tower's balancer: power of two choices by the least requests under way.

use crate::{SAMPLES, quickest};
use std::convert::Infallible;
use std::future::ready;
use std::hint::black_box;
use std::time::Instant;
use tower::balance::p2c::Balance;
use tower::discover::ServiceList;
use tower::load::{CompleteOnResponse, PendingRequestsDiscover};
use tower::{Service, ServiceExt, service_fn};

/// What one request costs in nanoseconds, over `services` that are always ready and answer at once.
pub(crate) fn bench(services: u32) -> f64 {
    const REQUESTS: u32 = 20_000;
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let services = (0..services).map(|_| service_fn(|(): ()| ready(Ok::<_, Infallible>(7))));
        let list = ServiceList::new::<()>(services);
        let mut balance = Balance::new(PendingRequestsDiscover::new(list, CompleteOnResponse::default()));
        let mut samples = Vec::new();
        for _ in 0..=SAMPLES {
            let start = Instant::now();
            for _ in 0..REQUESTS {
                let service = balance.ready().await.expect("a service");
                black_box(service.call(()).await.expect("an answer"));
            }
            samples.push(start.elapsed().as_nanos() as f64 / f64::from(REQUESTS));
        }
        // The first one makes the services ready.
        let mut rest = samples.into_iter().skip(1);
        quickest(|| rest.next().expect("as many"))
    })
}
