//! Starting tools: `posix_spawn` in a row, then `epoll_wait(2)` until each has printed its ready line. Ending them: the
//! end of their input, or SIGKILL, then `waitpid(2)` in a row.

use super::epoll::watch;
use crate::args::Args;
use crate::sample::{Sample, millis};
use crate::tool::{Tool, command};
use rustix::event::epoll;
use std::io;
use std::time::Instant;

/// `--tools`: how many; `--kill`: they are killed in the end.
pub(crate) fn measure(args: &Args) -> io::Result<Sample> {
    let count: usize = args.value("--tools", 100);
    let mut command = command(args.rest())?;
    let start = Instant::now();
    let mut tools = (0..count).map(|_| Tool::start_with(&mut command)).collect::<io::Result<Vec<_>>>()?;
    let spawned = start.elapsed();
    let watch = watch(&tools)?;
    let mut events = Vec::with_capacity(512);
    let mut buffer = [0; 4096];
    let mut waiting = count;
    while waiting > 0 {
        events.clear();
        epoll::wait(&watch, rustix::buffer::spare_capacity(&mut events), None)?;
        for event in &events {
            let tool = &tools[event.data.u64() as usize];
            tool.read(&mut buffer)?;
            epoll::delete(&watch, tool.output())?;
            waiting -= 1;
        }
    }
    let ready = start.elapsed();
    if args.flag("--kill") {
        tools.iter_mut().try_for_each(Tool::kill)?;
    }
    for tool in &mut tools {
        tool.close();
    }
    drop(tools);
    Ok(Sample::default()
        .with("ready_ms", millis(ready))
        .with("spawned_ms", millis(spawned))
        .with("stop_ms", millis(start.elapsed() - ready)))
}
