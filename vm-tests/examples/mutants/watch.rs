//! I watch that each step comes to its end, and say which one did not.

use std::{
    fs,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// What is being done, and since when.
#[derive(Clone, Debug)]
pub(crate) struct Watch(Arc<Mutex<(String, Instant)>>);

impl Watch {
    /// Begins to watch.
    pub(crate) fn start() -> Self {
        let watch = Self(Arc::new(Mutex::new(("making a pool".to_owned(), Instant::now()))));
        let watched = watch.clone();
        thread::spawn(move || {
            loop {
                thread::sleep(Duration::from_secs(1));
                watched.look();
            }
        });
        watch
    }

    /// The next step begins. The host hears of it first: it may be the last that is heard.
    pub(crate) fn step(&self, what: &str) {
        println!("> {what}");
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (what.to_owned(), Instant::now());
    }

    fn look(&self) {
        let (what, since) = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if since.elapsed() > LONGEST {
            for task in fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
                println!("{}", fs::read_to_string(task.path().join("stack")).unwrap_or_default());
            }
            // A process with a thread that hangs cannot end: the host cuts the power.
            println!("hangs: {what}");
        }
    }
}

/// A step takes a second or two; the host may be busy.
const LONGEST: Duration = Duration::from_secs(300);
