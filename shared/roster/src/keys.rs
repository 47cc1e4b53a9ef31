//! Keys of the two buckets, written and read in this file only.
