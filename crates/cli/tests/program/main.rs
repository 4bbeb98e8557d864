//! The program from outside: what users see, standard output, standard error and exit status together.

mod batch;
mod endings;
mod planning;
mod running;
mod usage;
