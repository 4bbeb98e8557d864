//! Many tools at once, one prompt in flight at each: one thread around `epoll_wait(2)`.

use crate::args::Args;
use crate::machine;
use crate::sample::{Sample, micros};
use crate::tool::{PROMPT, Tool};
use rustix::event::epoll;
use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// `--tools`: how many; `--seconds`: for how long.
pub(crate) fn measure(args: &Args) -> io::Result<Sample> {
    let count: usize = args.value("--tools", 5);
    let tools = (0..count).map(|_| Tool::start(args.rest())).collect::<io::Result<Vec<_>>>()?;
    let watch = watch(&tools)?;
    let prompt = format!("{PROMPT}\n").into_bytes();
    for tool in &tools {
        tool.write(&prompt)?;
    }
    // One full round to get warm: every tool has answered, and has the next prompt.
    turn(&watch, &tools, &prompt, |answered| answered >= count)?;
    let length = Duration::from_secs_f64(args.value("--seconds", 0.6));
    let (start, processor) = (Instant::now(), machine::processor_time());
    let answered = turn(&watch, &tools, &prompt, |_| start.elapsed() >= length)?;
    Ok(throughput(answered, start.elapsed(), machine::processor_time() - processor))
}

/// The numbers of a closed loop.
pub(crate) fn throughput(answered: usize, took: Duration, processor: Duration) -> Sample {
    let answered = answered as f64;
    Sample::default()
        .with("per_s", answered / took.as_secs_f64())
        .with("cpu_us_each", micros(processor) / answered)
}

/// An epoll that knows all outputs by the position of their tool.
pub(super) fn watch(tools: &[Tool]) -> io::Result<OwnedFd> {
    let watch = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    for (position, tool) in tools.iter().enumerate() {
        epoll::add(&watch, tool.output(), epoll::EventData::new_u64(position as u64), epoll::EventFlags::IN)?;
    }
    Ok(watch)
}

/// Answers each reply with the next prompt until `enough` of the replies so far; asked once per wake-up.
fn turn(watch: &OwnedFd, tools: &[Tool], prompt: &[u8], enough: impl Fn(usize) -> bool) -> io::Result<usize> {
    let mut events = Vec::with_capacity(512);
    let mut buffer = vec![0; 64 << 10];
    let mut answered = 0;
    while !enough(answered) {
        events.clear();
        epoll::wait(watch, rustix::buffer::spare_capacity(&mut events), None)?;
        for event in &events {
            let tool = &tools[event.data.u64() as usize];
            let count = tool.read(&mut buffer)?;
            if buffer[count - 1] == b'\n' {
                answered += 1;
                tool.write(prompt)?;
            }
        }
    }
    Ok(answered)
}
