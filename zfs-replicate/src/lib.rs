//! Replicates ZFS datasets.
