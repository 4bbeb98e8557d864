//! Choose who gets the next job.
