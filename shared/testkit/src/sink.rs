//! Sinks that catch what the notifier sends.
