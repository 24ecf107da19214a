#pragma once

// The digest of an open result file. Internal to results/.

#include <string>

#include "results/hdf5_internal.hpp"

namespace edgefuse::results {

/// Computed from all that the file stores, known to this program or not. Throws hdf5::Error when it stores something
/// that a digest cannot cover.
[[nodiscard]] std::string digest_of(hid_t file);

}  // namespace edgefuse::results
