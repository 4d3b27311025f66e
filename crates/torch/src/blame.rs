//! Whose fault an error of libtorch, or of a file that it reads, is.

use ombud_models::{Blame, Fault, HostFault};
use tch::TchError;

/// The messages where no memory is left: by libtorch's allocator, by the system, by Rust, by C++.
const NO_MEMORY: [&str; 4] = ["can't allocate memory", "Cannot allocate memory", "OutOfMemory", "bad_alloc"];

/// Only what is read out of the version's own bytes blames it. What libtorch's kernels say does not: shapes, numbers and
/// labels are checked here before they compute, and memory, threads and instructions are this host's.
pub(crate) fn of(error: &TchError) -> Blame {
    match error {
        TchError::Torch(said) => of_computing(said),
        TchError::Io(error) => Blame::Host(HostFault::of_io(error)),
        // tch reads by a safetensors crate of its own, whose error has no name here and is shown as it is written.
        TchError::SafeTensorError { err, .. } => match err.to_string() {
            said if !said.starts_with("IoError") => Blame::Version(Fault::Unloadable),
            said if is_short_of_memory(&said) => Blame::Host(HostFault::Memory),
            _ => Blame::Host(HostFault::Disk),
        },
        TchError::Convert(_)
        | TchError::FileFormat(_)
        | TchError::TensorNameNotFound(..)
        | TchError::Kind(_)
        | TchError::MissingImage(_)
        | TchError::Nul(_)
        | TchError::ParseInt(_)
        | TchError::Shape(_)
        | TchError::UnknownKind(_)
        | TchError::Zip(_)
        | TchError::NdArray(_) => Blame::Version(Fault::Unloadable),
    }
}

/// Of what was `said` when weights that had been checked were computed with.
fn of_computing(said: &str) -> Blame {
    Blame::Host(if is_short_of_memory(said) { HostFault::Memory } else { HostFault::Compute })
}

fn is_short_of_memory(said: &str) -> bool {
    NO_MEMORY.iter().any(|words| said.contains(words))
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_lack_of_memory_blames_the_host_and_so_does_whatever_else_a_kernel_says() {
        let allocator = "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you \
                         tried to allocate 94371840 bytes. Error code 12 (Cannot allocate memory)";
        assert_eq!(of(&TchError::Torch(allocator.to_owned())), Blame::Host(HostFault::Memory));
        assert_eq!(of(&TchError::Torch("no kernel".to_owned())), Blame::Host(HostFault::Compute));
        let short = io::Error::from(io::ErrorKind::OutOfMemory);
        assert_eq!(of(&TchError::Io(short)), Blame::Host(HostFault::Memory));
    }

    #[test]
    fn a_file_that_can_not_be_read_blames_the_host_and_one_that_is_no_safetensors_the_version() {
        let dir = tempfile::tempdir().unwrap();
        let read = |file: &str| of(&tch::Tensor::read_safetensors(dir.path().join(file)).unwrap_err());
        assert_eq!(read("gone"), Blame::Host(HostFault::Disk));
        std::fs::write(dir.path().join("odd"), "no weights").unwrap();
        assert_eq!(read("odd"), Blame::Version(Fault::Unloadable));
    }
}
